#include "cluster/adapters/log_journal.hpp"

#include "platform/telemetry/log.hpp"

namespace pgmind::cluster {
namespace {

class LogJournal final : public Journal {
  public:
    void info(const std::string& node, const std::string& sentence) override {
        log::info(node + " " + sentence, {{"node", node}});
    }
    void warning(const std::string& node, const std::string& sentence) override {
        log::warning(node + " " + sentence, {{"node", node}});
    }
    void error(const std::string& node, const std::string& sentence) override {
        log::error(node + " " + sentence, {{"node", node}});
    }
};

}  // namespace

std::unique_ptr<Journal> make_log_journal() {
    return std::make_unique<LogJournal>();
}

}  // namespace pgmind::cluster
