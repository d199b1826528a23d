#pragma once

#include <string>
#include <vector>

#include "platform/json/field_reader.hpp"
#include "security/api/principal.hpp"

namespace pgmind::integration::rest {

/// Appends a grant as an object; what does not narrow it is left out.
void append_grant(std::string& out, const security::Grant& grant);
void append_grants(std::string& out, const std::vector<security::Grant>& grants);

/// The member `grants`; none when it is missing. What is wrong with it the reader refuses.
std::vector<security::Grant> read_grants(json::FieldReader& reader);

}  // namespace pgmind::integration::rest
