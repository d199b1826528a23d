#include "security/domain/totp.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kRecoveryLength = 16;
constexpr std::size_t kRecoveryGroup = 4;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string in_groups(std::string_view letters) {
    std::string text;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (i > 0 && i % kRecoveryGroup == 0) {
            text += '-';
        }
        text += letters[i];
    }
    return text;
}

std::string lower_base32(std::string_view bytes) {
    std::string text;
    unsigned bits = 0;
    unsigned value = 0;
    for (const char c : bytes) {
        value = (value << 8) | static_cast<unsigned char>(c);
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            text += kBase32[(value >> bits) & 31];
        }
    }
    if (bits > 0) {
        text += kBase32[(value << (5 - bits)) & 31];
    }
    return text;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
    }
    return encoded;
}

}  // namespace

std::int64_t totp_step(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    return seconds.count() / kTotpPeriodSeconds;
}

std::string totp_message(std::int64_t step) {
    const auto number = static_cast<std::uint64_t>(step);
    std::string message;
    for (int shift = 56; shift >= 0; shift -= 8) {
        message += static_cast<char>((number >> shift) & 0xff);
    }
    return message;
}

std::uint32_t totp_number(const TotpMac& mac, std::size_t digits) {
    const std::size_t offset = mac.back() & 15;
    const std::uint32_t number = (static_cast<std::uint32_t>(mac[offset] & 0x7f) << 24) |
                                 (static_cast<std::uint32_t>(mac[offset + 1]) << 16) |
                                 (static_cast<std::uint32_t>(mac[offset + 2]) << 8) |
                                 static_cast<std::uint32_t>(mac[offset + 3]);
    std::uint32_t modulus = 1;
    for (std::size_t i = 0; i < digits; ++i) {
        modulus *= 10;
    }
    return number % modulus;
}

std::optional<std::uint32_t> parse_totp_code(std::string_view text) {
    std::uint32_t number = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == ' ') {
            continue;
        }
        if (c < '0' || c > '9' || ++digits > kTotpDigits) {
            return std::nullopt;
        }
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return digits == kTotpDigits ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> matching_step(std::uint32_t code, WallTime now, std::int64_t last_step,
                                          const std::function<TotpMac(std::string_view)>& mac) {
    const std::int64_t middle = totp_step(now);
    std::optional<std::int64_t> found;
    for (std::int64_t step = middle - kTotpStepsAround; step <= middle + kTotpStepsAround; ++step) {
        const std::uint32_t expected = totp_number(mac(totp_message(step)), kTotpDigits);
        if (expected == code && step > last_step) {
            found = step;
        }
    }
    return found;
}

std::string to_base32(std::string_view bytes) {
    std::string text = lower_base32(bytes);
    for (char& c : text) {
        c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return text;
}

std::string totp_uri(std::string_view issuer, std::string_view name, std::string_view secret) {
    const std::string from = percent_encoded(issuer);
    return "otpauth://totp/" + from + ":" + percent_encoded(name) + "?secret=" + to_base32(secret) +
           "&issuer=" + from + "&algorithm=SHA1&digits=6&period=30";
}

std::string format_recovery_code(std::string_view bytes) {
    return in_groups(lower_base32(bytes));
}

std::optional<std::string> parse_recovery_code(std::string_view text) {
    std::string letters;
    for (const char c : text) {
        if (c == '-' || c == ' ') {
            continue;
        }
        if (kBase32.find(lower(c)) == std::string_view::npos || letters.size() == kRecoveryLength) {
            return std::nullopt;
        }
        letters += lower(c);
    }
    return letters.size() == kRecoveryLength ? std::optional(in_groups(letters)) : std::nullopt;
}

std::string recovery_message(std::string_view code, std::string_view principal_id) {
    std::string message = "pgmind recovery code 1\n";
    message += code;
    message += principal_id;
    return message;
}

}  // namespace pgmind::security
