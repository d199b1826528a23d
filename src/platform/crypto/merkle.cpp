#include "platform/crypto/merkle.hpp"

#include <bit>
#include <stdexcept>

#include <sodium.h>

namespace pgmind::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// Where RFC 6962 splits n > 1 leaves: the largest power of two below n.
std::uint64_t split(std::uint64_t n) {
    return std::bit_floor(n - 1);
}

}  // namespace

Digest sha256(std::string_view bytes) {
    Digest digest;
    crypto_hash_sha256(digest.data(), bytes_of(bytes), bytes.size());
    return digest;
}

Digest merkle_leaf(std::string_view bytes) {
    constexpr unsigned char kPrefix = 0;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &kPrefix, 1);
    crypto_hash_sha256_update(&state, bytes_of(bytes), bytes.size());
    Digest digest;
    crypto_hash_sha256_final(&state, digest.data());
    return digest;
}

Digest merkle_node(const Digest& left, const Digest& right) {
    constexpr unsigned char kPrefix = 1;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &kPrefix, 1);
    crypto_hash_sha256_update(&state, left.data(), left.size());
    crypto_hash_sha256_update(&state, right.data(), right.size());
    Digest digest;
    crypto_hash_sha256_final(&state, digest.data());
    return digest;
}

std::optional<MerkleFrontier> MerkleFrontier::restore(std::uint64_t size,
                                                      std::vector<Digest> hashes) {
    if (hashes.size() != static_cast<std::size_t>(std::popcount(size))) {
        return std::nullopt;
    }
    MerkleFrontier frontier;
    frontier.size_ = size;
    frontier.hashes_ = std::move(hashes);
    return frontier;
}

void MerkleFrontier::add(const Digest& leaf) {
    Digest hash = leaf;
    // As in a binary counter, each trailing one is a complete subtree to the left of this one.
    for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
        hash = merkle_node(hashes_.back(), hash);
        hashes_.pop_back();
    }
    hashes_.push_back(hash);
    ++size_;
}

Digest MerkleFrontier::root() const {
    if (hashes_.empty()) {
        return sha256("");
    }
    Digest hash = hashes_.back();
    for (std::size_t i = hashes_.size() - 1; i > 0; --i) {
        hash = merkle_node(hashes_[i - 1], hash);
    }
    return hash;
}

void MerkleTree::add(const Digest& leaf) {
    Digest hash = leaf;
    for (std::size_t level = 0;; ++level) {
        if (level == levels_.size()) {
            levels_.emplace_back();
        }
        std::vector<Digest>& nodes = levels_[level];
        nodes.push_back(hash);
        if (nodes.size() % 2 != 0) {
            return;
        }
        hash = merkle_node(nodes[nodes.size() - 2], nodes.back());
    }
}

Digest MerkleTree::range(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t count = end - begin;
    if (std::has_single_bit(count)) {
        const auto level = static_cast<std::size_t>(std::countr_zero(count));
        return levels_.at(level).at(begin >> level);
    }
    const std::uint64_t middle = begin + split(count);
    return merkle_node(range(begin, middle), range(middle, end));
}

Digest MerkleTree::root(std::uint64_t size) const {
    return size == 0 ? sha256("") : range(0, size);
}

std::vector<Digest> MerkleTree::inclusion(std::uint64_t index, std::uint64_t size) const {
    if (index >= size || size > this->size()) {
        throw std::out_of_range("no such leaf in a tree of that size");
    }
    std::vector<Digest> proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end - begin > 1) {
        const std::uint64_t middle = begin + split(end - begin);
        const bool left = index < middle;
        proof.push_back(left ? range(middle, end) : range(begin, middle));
        (left ? end : begin) = middle;
    }
    return {proof.rbegin(), proof.rend()};
}

std::vector<Digest> MerkleTree::consistency(std::uint64_t old_size, std::uint64_t size) const {
    if (old_size == 0 || old_size > size || size > this->size()) {
        throw std::out_of_range("no proof from a tree of that size");
    }
    std::vector<Digest> proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (old_size != end) {
        const std::uint64_t middle = begin + split(end - begin);
        const bool left = old_size <= middle;
        proof.push_back(left ? range(middle, end) : range(begin, middle));
        (left ? end : begin) = middle;
    }
    if (begin != 0) {
        proof.push_back(range(begin, end));
    }
    return {proof.rbegin(), proof.rend()};
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      std::span<const Digest> proof, const Digest& root) {
    if (index >= size) {
        return false;
    }
    std::uint64_t node = index;
    std::uint64_t last = size - 1;
    Digest hash = leaf;
    for (const Digest& sibling : proof) {
        if (last == 0) {
            return false;
        }
        if ((node & 1) != 0 || node == last) {
            hash = merkle_node(sibling, hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = merkle_node(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Digest> proof,
                        const Digest& old_root, const Digest& root) {
    if (old_size == 0 || old_size > size) {
        return false;
    }
    if (old_size == size) {
        return proof.empty() && old_root == root;
    }
    std::uint64_t node = old_size - 1;
    std::uint64_t last = size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    const bool whole = node == 0;  // The old tree is one complete subtree: its root begins.
    if (!whole && proof.empty()) {
        return false;
    }
    Digest old_hash = whole ? old_root : proof.front();
    Digest hash = old_hash;
    for (const Digest& sibling : proof.subspan(whole ? 0 : 1)) {
        if (last == 0) {
            return false;
        }
        if ((node & 1) != 0 || node == last) {
            old_hash = merkle_node(sibling, old_hash);
            hash = merkle_node(sibling, hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = merkle_node(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace pgmind::crypto
