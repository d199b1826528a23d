#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

namespace pgmind {

// Memory whose last byte lies right before a page that nobody may read: who reads too far dies.
class GuardedMemory {
  public:
    explicit GuardedMemory(std::size_t bytes) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t readable = (bytes / page + 1) * page;
        mapped_ = readable + page;
        start_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start_ == MAP_FAILED ||
            mprotect(static_cast<char*>(start_) + readable, page, PROT_NONE) != 0) {
            std::perror("guarded memory");
            std::exit(2);
        }
        data_ = static_cast<char*>(start_) + readable - bytes;
    }
    ~GuardedMemory() { munmap(start_, mapped_); }
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;

    void* data() { return data_; }

  private:
    void* start_ = nullptr;
    void* data_ = nullptr;
    std::size_t mapped_ = 0;
};

}  // namespace pgmind
