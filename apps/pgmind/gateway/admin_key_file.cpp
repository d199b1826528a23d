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

}  // namespace pgmind::app
