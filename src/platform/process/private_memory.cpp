#include "platform/process/private_memory.hpp"

#include <cerrno>
#include <system_error>

#include <sys/prctl.h>

namespace pgmind::process {

Result<void> keep_memory_private() {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return fail(BaseErrc::internal, "the memory of this process cannot be kept private: " +
                                            std::generic_category().message(errno));
    }
    return {};
}

}  // namespace pgmind::process
