#pragma once

#include <string>

#include "client/api_client.hpp"

namespace pgmind::app {

struct ImageDemo {
    std::string data_directory;
    std::size_t pictures = 4;  ///< to look up
};

/// Loads the 60,000 training pictures of Debian's dataset-fashion-mnist with their pixels as
/// embeddings (unless they are there already), then looks for those that resemble pictures of the
/// test set, and draws both.
Result<void> run_image_demo(ApiClient& client, const ImageDemo& demo);

}  // namespace pgmind::app
