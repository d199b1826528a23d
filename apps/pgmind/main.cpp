#include <array>
#include <exception>
#include <iostream>
#include <vector>

#include "command.hpp"
#include "commands/audit_proof.hpp"
#include "commands/up.hpp"

int main(int argument_count, char** arguments) {
    try {
        const std::vector<const char*> all(arguments, arguments + argument_count);
        constexpr std::array<pgmind::app::AddCommand, 2> more = {
            pgmind::app::add_up_command, pgmind::app::add_audit_proof_commands};
        return pgmind::app::run_command_line(all, more);
    } catch (const std::exception& error) {
        std::cerr << "error: internal: " << error.what() << "\n";
        return 1;
    }
}
