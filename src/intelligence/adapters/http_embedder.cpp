#include <utility>

#include <boost/json/parse.hpp>

#include "intelligence/adapters/embedders.hpp"
#include "intelligence/api/errors.hpp"
#include "platform/http/client.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::intelligence {
namespace {

constexpr std::size_t kBatchMax = 256;
constexpr auto kCallTimeout = std::chrono::seconds(60);
constexpr std::size_t kQuotedBytesMax = 200;

Error failed(std::string detail) {
    return Error(IntelligenceErrc::embedder_failed, std::move(detail));
}
Error misbehaved(std::string detail) {
    return Error(IntelligenceErrc::embedder_misbehaved, std::move(detail));
}

std::string request_body(const EmbedderOptions& options, const std::vector<std::string>& texts) {
    std::string body;
    json::ObjectWriter object(body);
    object.string("model", options.model).strings("input", texts);
    if (options.dimensions > 0) {
        object.number("dimensions", options.dimensions);
    }
    if (options.kind == EmbedderKind::ollama) {
        object.boolean("truncate", false);
    }
    object.end();
    return body;
}

Result<std::vector<float>> read_vector(const boost::json::value& value) {
    if (!value.is_array()) {
        return fail(misbehaved("the embedder's answer has an embedding that is not an array"));
    }
    std::vector<float> vector;
    vector.reserve(value.get_array().size());
    for (const boost::json::value& number : value.get_array()) {
        if (!number.is_number()) {
            return fail(misbehaved("the embedder's answer has an embedding with a non-number"));
        }
        vector.push_back(static_cast<float>(number.to_number<double>()));
    }
    return vector;
}

// {"embeddings": [[...], ...]}
Result<std::vector<std::vector<float>>> read_ollama(const boost::json::value& answer) {
    const boost::json::value* list =
        answer.is_object() ? answer.get_object().if_contains("embeddings") : nullptr;
    if (list == nullptr || !list->is_array()) {
        return fail(misbehaved("the embedder's answer has no array \"embeddings\""));
    }
    std::vector<std::vector<float>> vectors;
    for (const boost::json::value& value : list->get_array()) {
        auto vector = read_vector(value);
        if (!vector) {
            return fail(std::move(vector.error()));
        }
        vectors.push_back(std::move(*vector));
    }
    return vectors;
}

// {"data": [{"index": 0, "embedding": [...]}, ...]}, in any order.
Result<std::vector<std::vector<float>>> read_openai(const boost::json::value& answer) {
    const boost::json::value* list =
        answer.is_object() ? answer.get_object().if_contains("data") : nullptr;
    if (list == nullptr || !list->is_array()) {
        return fail(misbehaved("the embedder's answer has no array \"data\""));
    }
    std::vector<std::vector<float>> vectors(list->get_array().size());
    for (const boost::json::value& item : list->get_array()) {
        const boost::json::object* object = item.if_object();
        const boost::json::value* index =
            object == nullptr ? nullptr : object->if_contains("index");
        const boost::json::value* value =
            object == nullptr ? nullptr : object->if_contains("embedding");
        const bool placed = index != nullptr && index->is_int64() && index->get_int64() >= 0 &&
                            static_cast<std::size_t>(index->get_int64()) < vectors.size();
        if (!placed || value == nullptr) {
            return fail(misbehaved("the embedder's answer has an item without index or embedding"));
        }
        auto vector = read_vector(*value);
        if (!vector) {
            return fail(std::move(vector.error()));
        }
        auto& place = vectors[static_cast<std::size_t>(index->get_int64())];
        if (!place.empty()) {
            return fail(misbehaved("the embedder's answer has an index twice"));
        }
        place = std::move(*vector);
    }
    return vectors;
}

class HttpEmbedder final : public Embedder {
  public:
    HttpEmbedder(http::Client client, EmbedderOptions options)
        : client_(std::move(client)), options_(std::move(options)) {}

    std::size_t batch_max() const override { return kBatchMax; }

    Task<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts,
                                                        Deadline deadline) override {
        http::Headers headers;
        headers.add("Content-Type", "application/json");
        headers.add("Accept", "application/json");
        if (!options_.api_key.empty()) {
            headers.add("Authorization", "Bearer " + options_.api_key);
        }
        const bool ollama = options_.kind == EmbedderKind::ollama;
        std::string target = ollama ? "/api/embed" : "/v1/embeddings";
        std::string body = request_body(options_, texts);
        const Deadline limit = deadline.capped(kCallTimeout);
        auto response = co_await client_.send("POST", std::move(target), std::move(headers),
                                              std::move(body), limit);
        if (!response) {
            co_return fail(failed("the embedder at " + options_.url +
                                  " could not be asked: " + response.error().detail));
        }
        co_return read(*response);
    }

  private:
    Result<std::vector<std::vector<float>>> read(const http::Response& response) const {
        if (response.status != 200) {
            return fail(failed("the embedder at " + options_.url + " answered " +
                               std::to_string(response.status) + ": " +
                               response.body.substr(0, kQuotedBytesMax)));
        }
        boost::json::error_code error;
        const boost::json::value answer = boost::json::parse(response.body, error);
        if (error) {
            return fail(
                misbehaved("the embedder at " + options_.url + " did not answer with JSON"));
        }
        return options_.kind == EmbedderKind::ollama ? read_ollama(answer) : read_openai(answer);
    }

    http::Client client_;
    EmbedderOptions options_;
};

}  // namespace

Result<std::unique_ptr<Embedder>> make_http_embedder(boost::asio::io_context& loop,
                                                     async::BlockingPool& blocking,
                                                     EmbedderOptions options) {
    http::ClientOptions client_options;
    client_options.base_url = options.url;
    auto client = http::Client::make(loop, blocking, std::move(client_options));
    if (!client) {
        return fail(std::move(client.error()));
    }
    std::unique_ptr<Embedder> embedder =
        std::make_unique<HttpEmbedder>(std::move(*client), std::move(options));
    return embedder;
}

}  // namespace pgmind::intelligence
