#include "platform/telemetry/metrics.hpp"

#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace pgmind::metrics {
namespace {

constexpr std::size_t kLabelSetsMax = 1000;

using LabelMap = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries& buckets() {
    static const prometheus::Histogram::BucketBoundaries seconds = {
        0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
        0.05,    0.1,    0.2,    0.5,    1.0,   2.0,   5.0,   10.0};
    return seconds;
}

// One name with its kind and the label sets it has so far.
template <class Metric>
struct Named {
    prometheus::Family<Metric>* family = nullptr;
    std::set<LabelMap> label_sets;

    LabelMap admit(const Labels& labels) {
        LabelMap wanted(labels.begin(), labels.end());
        if (label_sets.contains(wanted)) {
            return wanted;
        }
        if (label_sets.size() >= kLabelSetsMax) {
            return {{"other", "true"}};
        }
        label_sets.insert(wanted);
        return wanted;
    }
};

}  // namespace

class Registry::Implementation {
  public:
    prometheus::Counter& counter(const std::string& name, const std::string& help,
                                 const Labels& labels) {
        const std::lock_guard lock(mutex_);
        auto& named = find(counters_, name);
        if (named.family == nullptr) {
            named.family = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
        }
        return named.family->Add(named.admit(labels));
    }

    prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                     const Labels& labels, const std::vector<double>& bounds) {
        const std::lock_guard lock(mutex_);
        auto& named = find(histograms_, name);
        if (named.family == nullptr) {
            named.family = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
        }
        return named.family->Add(named.admit(labels), bounds);
    }

    void gauge(const std::string& name, const std::string& help, const Labels& labels,
               std::function<double()> read) {
        const std::lock_guard lock(mutex_);
        auto& named = find(gauges_, name);
        if (named.family == nullptr) {
            named.family = &prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
        }
        readers_[&named.family->Add(named.admit(labels))] = std::move(read);
    }

    void counter_read_from(const std::string& name, const std::string& help, const Labels& labels,
                           std::function<double()> read) {
        prometheus::Counter& kept = counter(name, help, labels);
        const std::lock_guard lock(mutex_);
        counter_readers_[&kept] = std::move(read);
    }

    std::string render() {
        const std::lock_guard one_at_a_time(rendering_);
        read_gauges();
        read_counters();
        std::ostringstream text;
        prometheus::TextSerializer().Serialize(text, registry_.Collect());
        return std::move(text).str();
    }

  private:
    // Readers run without the lock: they may themselves use the registry.
    void read_gauges() {
        std::map<prometheus::Gauge*, std::function<double()>> readers;
        {
            const std::lock_guard lock(mutex_);
            readers = readers_;
        }
        for (const auto& [gauge, read] : readers) {
            gauge->Set(read());
        }
    }

    // One scrape at a time, or two could both add what has come since the last one.
    void read_counters() {
        std::map<prometheus::Counter*, std::function<double()>> readers;
        {
            const std::lock_guard lock(mutex_);
            readers = counter_readers_;
        }
        for (const auto& [counter, read] : readers) {
            const double more = read() - counter->Value();
            if (more > 0) {
                counter->Increment(more);
            }
        }
    }

    // Naming two kinds of metric the same is a bug of the caller, and the scraper would refuse the
    // whole page.
    template <class Metric>
    Named<Metric>& find(std::map<std::string, Named<Metric>>& kind, const std::string& name) {
        const std::size_t uses =
            counters_.count(name) + histograms_.count(name) + gauges_.count(name);
        if (uses != kind.count(name)) {
            throw std::logic_error("metric " + name + " is already of another kind");
        }
        return kind[name];
    }

    prometheus::Registry registry_;
    std::mutex rendering_;  ///< taken before mutex_
    std::mutex mutex_;
    std::map<std::string, Named<prometheus::Counter>> counters_;
    std::map<std::string, Named<prometheus::Histogram>> histograms_;
    std::map<std::string, Named<prometheus::Gauge>> gauges_;
    std::map<prometheus::Gauge*, std::function<double()>> readers_;
    std::map<prometheus::Counter*, std::function<double()>> counter_readers_;
};

void Counter::increment(double by) const {
    static_cast<prometheus::Counter*>(counter_)->Increment(by);
}

void Histogram::observe(double value) const {
    static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

Registry::Registry() : implementation_(std::make_unique<Implementation>()) {}
Registry::~Registry() = default;

Counter Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
    Counter handle;
    handle.counter_ = &implementation_->counter(name, help, labels);
    return handle;
}

Histogram Registry::histogram(const std::string& name, const std::string& help,
                              const Labels& labels) {
    return histogram(name, help, labels, buckets());
}

Histogram Registry::histogram(const std::string& name, const std::string& help,
                              const Labels& labels, const std::vector<double>& bounds) {
    Histogram handle;
    handle.histogram_ = &implementation_->histogram(name, help, labels, bounds);
    return handle;
}

void Registry::gauge(const std::string& name, const std::string& help, const Labels& labels,
                     std::function<double()> read) {
    implementation_->gauge(name, help, labels, std::move(read));
}

void Registry::counter_read_from(const std::string& name, const std::string& help,
                                 const Labels& labels, std::function<double()> read) {
    implementation_->counter_read_from(name, help, labels, std::move(read));
}

std::string Registry::render() const {
    return implementation_->render();
}

}  // namespace pgmind::metrics
