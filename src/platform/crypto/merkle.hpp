#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {

// The Merkle tree of RFC 6962, section 2.1, over SHA-256. Pure; values are not shared.

/// SHA-256 of the bytes.
Digest sha256(std::string_view bytes);

/// Hash of a leaf: SHA-256(0x00, bytes).
Digest merkle_leaf(std::string_view bytes);
/// Hash of an inner node: SHA-256(0x01, left, right).
Digest merkle_node(const Digest& left, const Digest& right);

/// The right edge of a tree that only grows: what is needed to append and to know the root, without
/// the leaves. At most 64 hashes.
class MerkleFrontier {
  public:
    MerkleFrontier() = default;
    /// Of a tree with `size` leaves: the roots of its complete subtrees, the largest first. nullopt
    /// when their number does not fit the size.
    static std::optional<MerkleFrontier> restore(std::uint64_t size, std::vector<Digest> hashes);

    void add(const Digest& leaf);
    std::uint64_t size() const { return size_; }
    /// The root of RFC 6962: SHA-256 of nothing for the empty tree.
    Digest root() const;
    const std::vector<Digest>& hashes() const { return hashes_; }

  private:
    std::uint64_t size_ = 0;
    std::vector<Digest> hashes_;
};

/// A whole tree in memory (64 bytes a leaf), to make proofs from. Asking for a size beyond the
/// tree's, or for a leaf beyond the size, is a bug and throws.
class MerkleTree {
  public:
    void add(const Digest& leaf);
    std::uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
    /// The root that the tree had with its first `size` leaves.
    Digest root(std::uint64_t size) const;
    /// Proof that leaf `index` is among the first `size` (section 2.1.1).
    std::vector<Digest> inclusion(std::uint64_t index, std::uint64_t size) const;
    /// Proof that the tree of `size` begins with the tree of `old_size` > 0 (section 2.1.2).
    std::vector<Digest> consistency(std::uint64_t old_size, std::uint64_t size) const;

  private:
    Digest range(std::uint64_t begin, std::uint64_t end) const;

    std::vector<std::vector<Digest>> levels_;  // [k][i]: complete subtree of 2^k leaves
};

/// Whether the proof leads from the leaf to the root.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      std::span<const Digest> proof, const Digest& root);
/// Whether the proof leads from the old root to the new one.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Digest> proof,
                        const Digest& old_root, const Digest& root);

}  // namespace pgmind::crypto
