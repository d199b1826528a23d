# What happens in the build directory; the Makefile beside this file says how to call it.

PG_CONFIG ?= pg_config
PGMIND_CXX ?= clang++-19

EXTENSION = pgmind
MODULE_big = pgmind
EXTENSION_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(here)/pgmind.control)
# The script of the version and, from the second version on, the scripts that lead from one
# version to the next (sql/pgmind--OLD--NEW.sql).
DATA = $(patsubst $(here)/%,%,$(wildcard $(here)/sql/pgmind--*.sql))

# Files that know nothing of PostgreSQL: the tests, the benchmark and the fuzzer link them too.
KERNEL_OBJS = src/kernels/dispatch.o src/kernels/scalar.o src/kernels/sse2.o \
	src/kernels/avx2.o src/kernels/avx512.o
GRAPH_OBJS = $(patsubst $(here)/%.cpp,%.o,$(wildcard $(here)/src/graph/*.cpp))
PARSE_OBJS = src/parse.o
OBJS = $(KERNEL_OBJS) $(GRAPH_OBJS) $(PARSE_OBJS) $(patsubst $(here)/%.cpp,%.o,$(filter-out \
	$(here)/src/parse.cpp,$(wildcard $(here)/src/*.cpp $(here)/src/ruhnsw/*.cpp)))

# Just-in-time bitcode would need the very clang that PostgreSQL was built with (14 in Debian 12).
override with_llvm := no

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) not found: install postgresql-server-dev-15, or set PG_CONFIG)
endif
SHLIB_LINK = -lstdc++ -lm $(if $(SANITIZE),-shared-libsan)
include $(PGXS)

# PGXS's own flags are those of the gcc that built PostgreSQL, so the rules below use these. No
# exceptions and no RTTI: nothing can be thrown through PostgreSQL's C frames. Hidden symbols: two
# extensions may share a function name.
comma := ,
SANITIZE_FLAGS = $(if $(SANITIZE),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=undefined)
FLAGS = -std=c++20 -O2 -g -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti \
	-fno-strict-aliasing -fwrapv -fno-math-errno -fstack-protector-strong \
	-fno-omit-frame-pointer -ffile-prefix-map=$(here)/= -ffile-prefix-map=$(CURDIR)=. \
	-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-deprecated-volatile -Werror $(SANITIZE_FLAGS)
# As system headers PostgreSQL's own (C, with 'register' up to 15) raise no warnings.
INCLUDES = -I$(here)/src -isystem $(includedir_server) -D_GNU_SOURCE \
	$(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
override CC = $(CLANG)
override CFLAGS = $(FLAGS)
CLANG = $(strip $(shell command -v ccache) $(PGMIND_CXX))

# One instruction set per file, chosen at run time: the rest runs on any x86-64 (and on ARM).
ifneq (,$(filter x86_64-%,$(shell $(PGMIND_CXX) -dumpmachine)))
src/kernels/avx2.o: FILE_FLAGS = -mavx2 -mfma
src/kernels/avx512.o: FILE_FLAGS = -mavx512f -mfma
endif
# The same bits on every processor: no fused multiply-add where the source has none.
$(GRAPH_OBJS): FILE_FLAGS = -ffp-contract=off
ifneq (,$(filter x86_64-%,$(shell $(PGMIND_CXX) -dumpmachine)))
src/graph/kernels_avx2.o: FILE_FLAGS += -mavx2 -mpopcnt
src/graph/kernels_avx512.o: FILE_FLAGS += -mavx512f -mavx512bw -mavx512vbmi -mavx512vnni \
	-mavx512vpopcntdq
endif
src/module.o: FILE_FLAGS = -DPGMIND_EXTENSION_VERSION='"$(EXTENSION_VERSION)"'

# Another PostgreSQL, compiler or mode than last time: everything is built anew.
FLAGS_NOW := $(shell $(PG_CONFIG) --version) $(CLANG) $(FLAGS) $(EXTENSION_VERSION)
$(shell mkdir -p src/kernels src/graph src/ruhnsw; echo "$(FLAGS_NOW)" | cmp -s - flags.stamp || \
	echo "$(FLAGS_NOW)" > flags.stamp)

$(OBJS): %.o: $(here)/%.cpp flags.stamp $(here)/build.mk
	@echo "  compile $*.cpp"
	@$(CLANG) $(FLAGS) $(FILE_FLAGS) $(INCLUDES) -MMD -MP -c -o $@ $<
-include $(OBJS:.o=.d)

# The programs that need no PostgreSQL.
TOOL_DEPENDENCIES = flags.stamp $(wildcard $(here)/src/*.hpp $(here)/src/kernels/*.hpp \
	$(here)/src/graph/*.hpp)
LINK_TOOL = @echo "  link $@"; $(CLANG) $(FLAGS) -I$(here)/src -I$(here)/test -o $@ $(filter %.cpp %.o,$^)

kernels_test: $(here)/test/kernels_test.cpp $(KERNEL_OBJS) $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -lstdc++ -lm
graph_test: $(wildcard $(here)/test/graph/*.cpp) $(GRAPH_OBJS) $(KERNEL_OBJS) \
	$(wildcard $(here)/test/graph/*.hpp) $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -lgtest -lgtest_main -lpthread -lstdc++ -lm
parse_test: $(here)/test/parse_test.cpp $(PARSE_OBJS) $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -lstdc++
kernels_bench: $(here)/bench/kernels_bench.cpp $(KERNEL_OBJS) $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -lstdc++ -lm
graph_bench: $(here)/bench/graph_bench.cpp $(wildcard $(here)/test/graph/memory_graph*.cpp) \
	$(GRAPH_OBJS) $(KERNEL_OBJS) $(wildcard $(here)/test/graph/*.hpp) \
	$(here)/bench/vector_words.hpp $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -lz -lstdc++ -lm
# HNSWLIB=DIR names hnswlib's sources where its package is not installed; without both, no bound.
# Its distances want the instructions of this very machine, and it throws.
HNSWLIB_STAMP := $(shell echo "$(HNSWLIB)" | cmp -s - hnswlib.stamp || echo "$(HNSWLIB)" > hnswlib.stamp)
vector_hnswlib.o: $(here)/bench/vector_hnswlib.cpp hnswlib.stamp $(TOOL_DEPENDENCIES) \
	$(here)/bench/vector_load.hpp
	@$(CLANG) -std=c++20 -O3 -march=native $(if $(HNSWLIB),-isystem $(HNSWLIB)) -c -o $@ $<
vector_load: $(here)/bench/vector_load.cpp $(here)/bench/vector_sets.cpp vector_hnswlib.o \
	$(KERNEL_OBJS) $(wildcard $(here)/bench/vector_*.hpp) $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -I$(shell $(PG_CONFIG) --includedir) -lpq -lz -lstdc++ -lm
# From the source, as the parser itself must be instrumented.
parse_fuzz: $(here)/fuzz/parse_fuzz.cpp $(here)/src/parse.cpp $(TOOL_DEPENDENCIES)
	$(LINK_TOOL) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

.PHONY: check-kernels check-graph check-parse bench bench-graph bench-vector-load fuzz
check-kernels: kernels_test
	./kernels_test
check-graph: graph_test
	./graph_test --gtest_brief=1
check-parse: parse_test
	./parse_test
bench: kernels_bench
	@mkdir -p ../bench
	./kernels_bench ../bench/extension_kernels.json $(shell git -C $(here) rev-parse --short HEAD)
bench-graph: graph_bench
	@echo "built $(CURDIR)/graph_bench"
bench-vector-load: vector_load
	@echo "built $(CURDIR)/vector_load"
fuzz: parse_fuzz
	@echo "built $(CURDIR)/parse_fuzz"
