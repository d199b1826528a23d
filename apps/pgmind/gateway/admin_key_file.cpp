#include "gateway/admin_key_file.hpp"

#include "platform/process/files.hpp"

namespace pgmind::app {

Result<void> AdminKeyFile::keep(const security::IssuedApiKey& key) {
    if (auto written = process::write_atomically(path_, key.api_key + "\n", 0600); !written) {
        return written;
    }
    key_ = key.api_key;
    return {};
}

Result<std::string> AdminKeyFile::read() const {
    constexpr std::size_t kBytesMax = 1024;
    Result<std::string> content = process::read_file(path_, kBytesMax);
    if (content && content->ends_with('\n')) {
        content->pop_back();
    }
    return content;
}

}  // namespace pgmind::app
