#include "demo/image_demo.hpp"

#include <cmath>
#include <iostream>

#include "client/api_error.hpp"
#include "demo/fashion_images.hpp"
#include "output/progress_bar.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kNamespace = "fashion-mnist";
constexpr std::size_t kPartBytes = 256 * 1024;
constexpr std::size_t kLookAlikes = 3;
constexpr std::size_t kDrawingWidth = 18;  // four of them, with gaps, fit in 80 columns

std::string embedding_of(Image image) {
    std::string array;
    json::append_array(array, image, [&array](std::uint8_t pixel) {
        json::append_number(array, static_cast<std::int64_t>(pixel));
    });
    return array;
}

std::string import_line(const FashionImages& images, std::size_t index) {
    const std::string number = std::to_string(index);
    const std::string key =
        "train/" + std::string(5 - std::min<std::size_t>(5, number.size()), '0') + number;
    const std::string_view label = images.label(index);
    std::string line;
    json::ObjectWriter entry(line);
    entry.string("key", key).name("value");
    json::ObjectWriter(line)
        .string("label", label)
        .number("index", static_cast<std::int64_t>(index))
        .end();
    entry.name("metadata");
    json::ObjectWriter(line).string("label", label).end();
    entry.raw("embedding", embedding_of(images.image(index))).end();
    return line + "\n";
}

Result<bool> is_loaded(ApiClient& client, std::size_t wanted) {
    const auto answer = client.get({"namespaces", kNamespace}, {});
    if (!answer) {
        return answer.error().is(Failure::not_found) ? Result<bool>(false) : fail(answer.error());
    }
    return answer->json()["entries_with_embedding"].integer() >= static_cast<std::int64_t>(wanted);
}

Result<void> load(ApiClient& client, const FashionImages& images) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    std::size_t sent = 0;
    ProgressBar progress("Loading pictures", static_cast<std::int64_t>(images.size()),
                         ProgressBar::Unit::count);
    ApiRequest request;
    request.segments = {"namespaces", kNamespace, "import"};
    const auto answer = client.upload(std::move(request), [&]() -> Result<std::string> {
        std::string part;
        while (part.size() < kPartBytes && sent < images.size()) {
            part += import_line(images, sent++);
        }
        progress.update(static_cast<std::int64_t>(sent));
        return part;
    });
    if (!answer) {
        return fail(answer.error());
    }
    progress.finish();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    std::cout << "Loaded " << human_count(answer->json()["stored"].integer())
              << " pictures as vectors of " << kImagePixels << " dimensions in "
              << human_duration(took.count()) << ".\n";
    return {};
}

// The picture that an entry's embedding is.
std::vector<std::uint8_t> pixels_of(const JsonNode& embedding) {
    std::vector<std::uint8_t> pixels;
    for (const JsonNode& number : embedding.items()) {
        pixels.push_back(static_cast<std::uint8_t>(std::clamp(number.number(), 0.0, 255.0)));
    }
    pixels.resize(kImagePixels);
    return pixels;
}

struct Agreement {
    std::size_t same_label = 0;
    std::size_t found = 0;
};

Result<Agreement> look_up(ApiClient& client, Image image, std::string_view label) {
    std::string body;
    json::ObjectWriter object(body);
    object.strings("namespaces", {kNamespace})
        .string("mode", "vector")
        .raw("embedding", embedding_of(image))
        .number("limit", static_cast<std::int64_t>(kLookAlikes))
        .boolean("with_embedding", true)
        .end();
    const SteadyTime begin = std::chrono::steady_clock::now();
    const auto answer = client.call({"POST", {"search"}, {}, {}, std::move(body)});
    if (!answer) {
        return fail(answer.error());
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    Agreement agreement;
    std::vector<std::vector<std::string>> pictures = {draw(image, kDrawingWidth)};
    std::vector<std::string> captions = {"? " + std::string(label)};
    for (const JsonNode& hit : answer->json()["hits"].items()) {
        const JsonNode entry = hit["entry"];
        const std::vector<std::uint8_t> pixels = pixels_of(entry["embedding"]);
        const std::string found = entry["value"]["label"].text();
        pictures.push_back(draw(pixels, kDrawingWidth));
        captions.push_back(printable(found) + " " + fixed(hit["similarity"].number(), 3));
        agreement.same_label += found == label ? 1 : 0;
        ++agreement.found;
    }
    std::cout << "\n"
              << side_by_side(pictures, captions)
              << styled("(" + human_duration(took.count()) + ")", Style::dim) << "\n";
    return agreement;
}

}  // namespace

Result<void> run_image_demo(ApiClient& client, const ImageDemo& demo) {
    const auto images = FashionImages::read(demo.data_directory, "train");
    if (!images) {
        return fail(images.error());
    }
    const auto questions = FashionImages::read(demo.data_directory, "t10k");
    if (!questions) {
        return fail(questions.error());
    }
    const auto loaded = is_loaded(client, images->size());
    if (!loaded) {
        return fail(loaded.error());
    }
    if (*loaded) {
        std::cout << "The pictures are loaded already.\n";
    } else if (auto done = load(client, *images); !done) {
        return done;
    }
    std::cout << "\nPictures that were never stored, and what resembles them most:\n";
    Agreement all;
    for (std::size_t i = 0; i < std::min(demo.pictures, questions->size()); ++i) {
        const auto found = look_up(client, questions->image(i), questions->label(i));
        if (!found) {
            return fail(found.error());
        }
        all.same_label += found->same_label;
        all.found += found->found;
    }
    std::cout << "\n"
              << all.same_label << " of " << all.found
              << " look-alikes are the same kind of clothes.\n";
    return {};
}

}  // namespace pgmind::app
