#include <cstdio>

int main() {
    std::puts("pgmind 0.1.0");
    return 0;
}
