#include <exception>
#include <iostream>
#include <vector>

#include "command.hpp"

int main(int argument_count, char** arguments) {
    try {
        const std::vector<const char*> all(arguments, arguments + argument_count);
        return pgmind::app::run_command_line(all, {});
    } catch (const std::exception& error) {
        std::cerr << "error: internal: " << error.what() << "\n";
        return 1;
    }
}
