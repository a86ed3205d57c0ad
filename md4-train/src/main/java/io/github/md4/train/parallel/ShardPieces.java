// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.network.TrainableNetwork;
import java.util.ArrayList;
import java.util.List;

/**
 * The division of vectors as long as the parameters into segments, and of each segment into a piece
 * for each process. A process's pieces lie one after another in its shard.
 */
final class ShardPieces {
  /** Every segment's length is a multiple of this. */
  private static final int ALIGNMENT = 64;

  private final TrainableNetwork network;
  private final Share share;

  /**
   * @throws InvalidConfigException if the segments cannot be divided equally
   */
  ShardPieces(TrainableNetwork network, Share share) {
    if (ALIGNMENT % share.size() != 0) {
      throw new InvalidConfigException(
          "parallel.shardOptimizer", "needs 1, 2, 4, 8, 16, 32 or 64 processes: " + share.size());
    }
    this.network = network;
    this.share = share;
  }

  /** A stretch of a vector. */
  private record Span(long from, long to) {
    private FlatArrays of(FlatArrays vector) {
      return vector.range(from, to);
    }
  }

  /** Returns the segments of a whole vector. */
  static List<FlatArrays> segments(TrainableNetwork network, FlatArrays whole) {
    return spans(network).stream().map(span -> span.of(whole)).toList();
  }

  /** Returns where the segments of a whole vector lie. */
  private static List<Span> spans(TrainableNetwork network) {
    int[] firsts = network.segments();
    FlatArrays parameters = network.working();
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < firsts.length; i++) {
      int end = i + 1 < firsts.length ? firsts[i + 1] : parameters.size();
      spans.add(new Span(parameters.offset(firsts[i]), parameters.offset(end)));
    }
    return spans;
  }

  /** Returns the first segments of a whole vector. */
  List<FlatArrays> segments(FlatArrays whole, int count) {
    return spans(network).stream().limit(count).map(span -> span.of(whole)).toList();
  }

  /** Returns the length of a shard. */
  long shardLength() {
    return network.working().whole().getShape().size() / share.size();
  }

  /** Returns the pieces that lie in a shard, of the first segments. */
  List<FlatArrays> inShard(FlatArrays shard, int count) {
    List<FlatArrays> pieces = new ArrayList<>();
    long from = 0;
    for (Span span : spans(network).subList(0, count)) {
      long length = length(span);
      pieces.add(shard.range(from, from + length));
      from += length;
    }
    return pieces;
  }

  private long length(Span span) {
    return (span.to - span.from) / share.size();
  }

  /** Returns the pieces that lie in a shard, one of each segment. */
  List<FlatArrays> inShard(FlatArrays shard) {
    return inShard(shard, network.segments().length);
  }

  /** Returns this process's pieces of a whole vector, one of each segment. */
  List<FlatArrays> inWhole(FlatArrays whole) {
    List<FlatArrays> pieces = new ArrayList<>();
    for (Span span : spans(network)) {
      long from = span.from + share.rank() * length(span);
      pieces.add(whole.range(from, from + length(span)));
    }
    return pieces;
  }
}
