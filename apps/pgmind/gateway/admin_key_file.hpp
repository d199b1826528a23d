#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "security/api/security.hpp"

namespace pgmind::app {

/// The file that holds the first administrator's key: DIR/admin.key, mode 0600, one line.
class AdminKeyFile {
  public:
    explicit AdminKeyFile(const std::filesystem::path& directory)
        : path_(directory / "admin.key") {}

    /// Writes the key durably; called before the key becomes valid.
    Result<void> keep(const security::IssuedApiKey& key);

    /// The key that the file holds.
    Result<std::string> read() const;

    std::string path() const { return path_.string(); }
    /// The key that keep() was called with; empty when it was not.
    const std::string& shown_once() const { return key_; }

  private:
    std::filesystem::path path_;
    std::string key_;
};

}  // namespace pgmind::app
