#include "platform/crypto/merkle.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace pgmind::crypto {
namespace {

std::string bytes_of(std::string_view hex) {
    return from_hex(hex).value();
}

Digest digest_of(const std::string& hex) {
    const std::string bytes = bytes_of(hex);
    Digest digest{};
    EXPECT_EQ(bytes.size(), digest.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

// The leaves and roots of the tests of github.com/google/certificate-transparency
// (merkle_tree_test.cc).
const std::vector<std::string> kLeaves = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(Merkle, GivesThePublishedRoots) {
    MerkleFrontier frontier;
    MerkleTree tree;
    EXPECT_EQ(to_hex(frontier.root()), kRoots[0]);
    for (std::size_t size = 1; size < kRoots.size(); ++size) {
        const Digest leaf = merkle_leaf(bytes_of(kLeaves[size - 1]));
        frontier.add(leaf);
        tree.add(leaf);
        EXPECT_EQ(to_hex(frontier.root()), kRoots[size]);
        for (std::size_t older = 0; older <= size; ++older) {
            EXPECT_EQ(to_hex(tree.root(older)), kRoots[older]);
        }
    }
}

TEST(Merkle, JudgesThePublishedProofsAsTheirAuthorsDo) {
    std::ifstream file(PGMIND_MERKLE_PROOFS);
    int judged = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) {
            continue;
        }
        std::istringstream words(line);
        std::string kind;
        std::string expected;
        std::uint64_t first = 0;
        std::uint64_t size = 0;
        std::string left;
        std::string root;
        std::string hashes;
        words >> kind >> expected >> first >> size >> left >> root >> hashes;
        std::vector<Digest> proof;
        bool shaped = left.size() == 64 && root.size() == 64;
        std::istringstream list(hashes == "-" ? "" : hashes);
        for (std::string hash; std::getline(list, hash, ',');) {
            shaped = shaped && hash.size() == 64;
            if (shaped) {
                proof.push_back(digest_of(hash));
            }
        }
        const bool accepted =
            shaped &&
            (kind == "inclusion"
                 ? verify_inclusion(first, size, digest_of(left), proof, digest_of(root))
                 : verify_consistency(first, size, proof, digest_of(left), digest_of(root)));
        EXPECT_EQ(accepted, expected == "ok") << line;
        ++judged;
    }
    EXPECT_EQ(judged, 192);
}

TEST(Merkle, EveryProofOfASmallTreeLeadsToItsRootAndToNoOther) {
    MerkleTree tree;
    std::vector<Digest> leaves;
    for (int i = 0; i < 40; ++i) {
        leaves.push_back(merkle_leaf(std::to_string(i)));
        tree.add(leaves.back());
    }
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        for (std::uint64_t i = 0; i < size; ++i) {
            const std::vector<Digest> proof = tree.inclusion(i, size);
            EXPECT_TRUE(verify_inclusion(i, size, leaves[i], proof, tree.root(size)));
            EXPECT_FALSE(verify_inclusion(i, size, leaves[(i + 1) % 40], proof, tree.root(size)));
            EXPECT_FALSE(verify_inclusion(i, size, leaves[i], proof, tree.root(size - 1)));
            const std::vector<Digest> growth = tree.consistency(i + 1, size);
            EXPECT_TRUE(verify_consistency(i + 1, size, growth, tree.root(i + 1), tree.root(size)));
            EXPECT_FALSE(verify_consistency(i + 1, size, growth, tree.root(i), tree.root(size)));
        }
    }
}

TEST(Merkle, AFrontierGoesOnWhereItWasKept) {
    MerkleFrontier whole;
    MerkleFrontier kept;
    for (int i = 0; i < 100; ++i) {
        whole.add(merkle_leaf(std::to_string(i)));
        auto restored = MerkleFrontier::restore(kept.size(), kept.hashes());
        ASSERT_TRUE(restored);
        kept = std::move(*restored);
        kept.add(merkle_leaf(std::to_string(i)));
        EXPECT_EQ(kept.root(), whole.root());
    }
    EXPECT_FALSE(MerkleFrontier::restore(3, {whole.root()}));
    EXPECT_FALSE(MerkleFrontier::restore(0, {whole.root()}));
}

}  // namespace
}  // namespace pgmind::crypto
