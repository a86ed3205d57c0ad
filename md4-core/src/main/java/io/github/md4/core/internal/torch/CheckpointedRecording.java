// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;

/**
 * A recording with activation checkpointing: it keeps only the input of each segment. The backward
 * pass computes the segments again, recorded, and differentiates them one by one.
 *
 * <p>Computations before the first segment and after the last one are recorded once.
 */
public final class CheckpointedRecording implements Recording.Tape {
  private final Autograd autograd;
  private final NDManager scope;
  private final List<GraphCut> cuts = new ArrayList<>();
  private final List<SegmentInput> segments = new ArrayList<>();
  private Hidden last;

  /** A cut of the graph: a recorded array, and the leaf that replaces it after the cut. */
  private record GraphCut(NDArray recorded, NDArray leaf) {}

  private record SegmentInput(Segment segment, Hidden input) {}

  /**
   * @param autograd records the computations around the segments
   * @param scope takes the arrays that the backward pass needs
   */
  public CheckpointedRecording(Autograd autograd, NDManager scope) {
    this.autograd = autograd;
    this.scope = scope;
  }

  @Override
  public NDArray shared(NDArray x) {
    NDArray leaf = Autograd.leaf(x.stopGradient());
    x.attach(scope);
    leaf.attach(scope);
    cuts.add(new GraphCut(x, leaf));
    return leaf;
  }

  @Override
  public Hidden start(Hidden h) {
    last = new Hidden(shared(h.array));
    return last;
  }

  @Override
  public Hidden segment(NDManager outer, Hidden h, Segment segment) {
    Hidden next = autograd.pause(() -> Recording.inside(scope, h, segment));
    segments.add(new SegmentInput(segment, h));
    last = new Hidden(Autograd.leaf(next.array));
    return last;
  }

  @Override
  public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
    autograd.zero(into);
    Backward backward = new Backward(parameters, into);
    backward.through(output, gradient, last);
    for (int i = segments.size() - 1; i >= 0; i--) {
      backward.through(segments.get(i));
    }
    backward.through(cuts);
  }

  /** A backward pass, with the gradients by the leaves so far. */
  private final class Backward {
    private final NDList parameters;
    private final FlatArrays into;
    private NDArray byStream;
    private List<NDArray> byShared = List.of();

    Backward(NDList parameters, FlatArrays into) {
      this.parameters = parameters;
      this.into = into;
    }

    void through(SegmentInput segment) {
      try (NDManager inner = scope.newSubManager();
          NDArray given = byStream) {
        Hidden again = autograd.record(() -> segment.segment.of(inner, segment.input));
        through(again.array, given, segment.input);
      }
      segment.input.close();
    }

    /**
     * Differentiates one segment: adds to the gradients by the shared leaves and replaces the
     * gradient by the stream.
     */
    void through(NDArray output, NDArray gradient, Hidden input) {
      NDList leaves = new NDList(input.array);
      sharedCuts().forEach(cut -> leaves.add(cut.leaf));
      NDList found =
          autograd.gradients(new NDList(output), new NDList(gradient), all(leaves), into.arrays());
      found.attach(scope);
      byStream = found.get(0);
      byShared = sums(byShared, found.subList(1, found.size()));
    }

    void through(List<GraphCut> all) {
      NDList outputs = new NDList();
      all.forEach(cut -> outputs.add(cut.recorded));
      NDList given = new NDList(byShared);
      given.add(byStream);
      autograd.gradients(outputs, given, parameters, into.arrays()).close();
    }

    private NDList all(NDList leaves) {
      return new NDList(parameters).addAll(leaves);
    }
  }

  /** Returns all cuts but the last, which is the stream's. */
  private List<GraphCut> sharedCuts() {
    return cuts.subList(0, cuts.size() - 1);
  }

  private static List<NDArray> sums(List<NDArray> before, List<NDArray> more) {
    if (before.isEmpty()) {
      return more;
    }
    List<NDArray> sums = new ArrayList<>();
    for (int i = 0; i < more.size(); i++) {
      try (NDArray a = before.get(i);
          NDArray b = more.get(i)) {
        sums.add(a.add(b));
      }
    }
    return sums;
  }
}
