#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "async/notifier.hpp"
#include "async/task.hpp"

namespace pgmind::async {

namespace detail {

template <class T>
struct Gather {
    explicit Gather(Executor executor, std::size_t count)
        : values(count), left(count), done(executor) {}
    std::vector<std::optional<T>> values;
    std::size_t left;
    Notifier done;
};

template <class T>
Task<void> gather_one(std::shared_ptr<Gather<T>> gather, std::size_t index, Task<T> task) {
    T value = co_await std::move(task);
    gather->values[index].emplace(std::move(value));
    if (--gather->left == 0) {
        gather->done.notify_all();
    }
}

}  // namespace detail

/// Runs all tasks at once on the calling loop and gives their values in the order of the tasks.
/// Waits for every one of them: each must carry a deadline of its own.
template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
    const Executor executor = co_await this_executor();
    auto gather = std::make_shared<detail::Gather<T>>(executor, tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        spawn(executor, detail::gather_one<T>(gather, i, std::move(tasks[i])));
    }
    while (gather->left > 0) {
        co_await gather->done.wait();
    }
    std::vector<T> values;
    values.reserve(gather->values.size());
    for (std::optional<T>& value : gather->values) {
        values.push_back(std::move(*value));
    }
    co_return values;
}

}  // namespace pgmind::async
