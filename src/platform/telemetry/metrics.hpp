#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgmind::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// A value that only grows. Copyable handle; thread-safe.
class Counter {
  public:
    void increment(double by = 1) const;

  private:
    friend class Registry;
    void* counter_ = nullptr;
};

/// How often values fell into which bucket. Copyable handle; thread-safe.
class Histogram {
  public:
    void observe(double value) const;

  private:
    friend class Registry;
    void* histogram_ = nullptr;
};

/// The process's metrics, in the text format of Prometheus. Names follow its conventions
/// (pgmind_..._total, ..._seconds). The same name and labels give the same metric. Thread-safe; the
/// number of label sets of one name is capped at 1,000 (further ones share the labels
/// {other="true"}). Handles live as long as the registry.
class Registry {
  public:
    Registry();
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    Counter counter(const std::string& name, const std::string& help, const Labels& labels);
    /// Of durations in seconds, in buckets from 50 us to 10 s.
    Histogram histogram(const std::string& name, const std::string& help, const Labels& labels);
    /// Of other values, in buckets up to each of `bounds`, which grow.
    Histogram histogram(const std::string& name, const std::string& help, const Labels& labels,
                        const std::vector<double>& bounds);
    /// A value read when metrics are scraped; `read` may be called on any thread.
    void gauge(const std::string& name, const std::string& help, const Labels& labels,
               std::function<double()> read);

    /// A counter that is kept elsewhere: read when metrics are scraped, on any thread. A value
    /// below one that was seen before changes nothing, for counters only grow.
    void counter_read_from(const std::string& name, const std::string& help, const Labels& labels,
                           std::function<double()> read);

    /// Everything, as text/plain; version=0.0.4.
    std::string render() const;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::metrics
