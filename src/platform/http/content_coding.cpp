#include "platform/http/content_coding.hpp"

#include <algorithm>
#include <new>

#include <zlib.h>

#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kCompressBytesMin = 1024;
constexpr std::size_t kCompressBytesMax = std::size_t{1024} * 1024;
constexpr int kGzipWindow = 16 + MAX_WBITS;  // zlib: gzip header and trailer
constexpr int kLevel = 1;                    // the loop waits: five times faster than the default

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The parameter "q=0", "q=0.0"...
bool is_refused(std::string_view parameters) {
    const std::size_t q = parameters.find("q=");
    if (q == std::string_view::npos) {
        return false;
    }
    const std::string_view weight = trim(parameters.substr(q + 2));
    return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

bool is_text(std::string_view content_type) {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") ||
           type == "application/javascript" || type == "application/yaml";
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    bool any = false;
    while (!accept_encoding.empty()) {
        const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
        const std::string_view item = accept_encoding.substr(0, comma);
        accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
        const std::size_t semicolon = std::min(item.find(';'), item.size());
        const std::string_view coding = trim(item.substr(0, semicolon));
        const bool allowed = !is_refused(item.substr(semicolon));
        if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
            return allowed;
        }
        if (coding == "*") {
            any = allowed;
        }
    }
    return any;
}

bool is_worth_compressing(const Response& response) {
    const Headers& headers = response.headers;
    return response.body.size() >= kCompressBytesMin && response.body.size() <= kCompressBytesMax &&
           response.status != 206 && is_text(headers.find("Content-Type").value_or("")) &&
           !headers.find("Content-Encoding") &&
           headers.find("ETag").value_or("W/").starts_with("W/");
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string encoded;
    encoded.resize(deflateBound(&stream, static_cast<uLong>(text.size())));
    // zlib's interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(encoded.data());
    stream.avail_out = static_cast<uInt>(encoded.size());
    deflate(&stream, Z_FINISH);  // deflateBound() made room for all of it
    encoded.resize(stream.total_out);
    deflateEnd(&stream);
    return encoded;
}

void Gunzip::Free::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

Gunzip::Gunzip() {
    auto stream = std::make_unique<z_stream>();
    *stream = z_stream{};
    if (inflateInit2(stream.get(), kGzipWindow) != Z_OK) {
        throw std::bad_alloc();
    }
    stream_.reset(stream.release());
}

void Gunzip::give(std::string encoded) {
    encoded_ = std::move(encoded);
    offset_ = 0;
}

Result<void> Gunzip::take(std::string& decoded, std::size_t bytes_max) {
    const std::size_t before = decoded.size();
    decoded.resize(before + bytes_max);
    stream_->next_out = reinterpret_cast<Bytef*>(decoded.data() + before);
    stream_->avail_out = static_cast<uInt>(bytes_max);
    bool broken = false;
    while (stream_->avail_out > 0 && (offset_ < encoded_.size() || output_pending_)) {
        if (at_member_end_) {
            inflateReset(stream_.get());  // RFC 1952: members may follow one another
            at_member_end_ = false;
        }
        stream_->next_in = reinterpret_cast<Bytef*>(encoded_.data() + offset_);
        stream_->avail_in = static_cast<uInt>(encoded_.size() - offset_);
        const int status = inflate(stream_.get(), Z_NO_FLUSH);
        offset_ = encoded_.size() - stream_->avail_in;
        output_pending_ = stream_->avail_out == 0 && status == Z_OK;
        if (status == Z_STREAM_END) {
            at_member_end_ = true;
        } else if (status != Z_OK) {
            output_pending_ = false;
            broken = status != Z_BUF_ERROR;
            break;
        }
    }
    decoded.resize(before + bytes_max - stream_->avail_out);
    if (broken) {
        return fail(Errc::malformed, "the body is not valid gzip");
    }
    return {};
}

}  // namespace pgmind::http
