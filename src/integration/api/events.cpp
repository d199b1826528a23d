#include "integration/api/events.hpp"
