// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;

/**
 * The recording that keeps of each piece its input alone: on the way back the pieces are computed
 * again, recorded, and differentiated one by one.
 *
 * <p>What is computed before the first piece and after the last is recorded once, as ever.
 */
public final class PieceRecording implements Recording.Tape {
  private final Autograd autograd;
  private final NDManager scope;
  private final List<Cut> cuts = new ArrayList<>();
  private final List<Done> pieces = new ArrayList<>();
  private Hidden last;

  /** Where the graph is cut: what was recorded, and the leaf that stands for it from there on. */
  private record Cut(NDArray recorded, NDArray leaf) {}

  private record Done(Piece piece, Hidden input) {}

  /**
   * @param autograd which records what is computed around the pieces
   * @param scope takes what is kept for the way back
   */
  public PieceRecording(Autograd autograd, NDManager scope) {
    this.autograd = autograd;
    this.scope = scope;
  }

  @Override
  public NDArray shared(NDArray x) {
    NDArray leaf = Autograd.leaf(x.stopGradient());
    x.attach(scope);
    leaf.attach(scope);
    cuts.add(new Cut(x, leaf));
    return leaf;
  }

  @Override
  public Hidden start(Hidden h) {
    last = new Hidden(shared(h.array));
    return last;
  }

  @Override
  public Hidden piece(NDManager outer, Hidden h, Piece piece) {
    Hidden next = autograd.pause(() -> Recording.inside(scope, h, piece));
    pieces.add(new Done(piece, h));
    last = new Hidden(Autograd.leaf(next.array));
    return last;
  }

  @Override
  public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
    autograd.zero(into);
    Back back = new Back(parameters, into);
    back.through(output, gradient, last);
    for (int i = pieces.size() - 1; i >= 0; i--) {
      back.through(pieces.get(i));
    }
    back.through(cuts);
  }

  /** The way back, with the gradients by the leaves that were met so far. */
  private final class Back {
    private final NDList parameters;
    private final FlatArrays into;
    private NDArray byStream;
    private List<NDArray> byShared = List.of();

    Back(NDList parameters, FlatArrays into) {
      this.parameters = parameters;
      this.into = into;
    }

    void through(Done done) {
      try (NDManager inner = scope.newSubManager();
          NDArray given = byStream) {
        Hidden again = autograd.record(() -> done.piece.of(inner, done.input));
        through(again.array, given, done.input);
      }
      done.input.close();
    }

    /** Adds to the gradients by the shared leaves; that by the stream takes the place of it. */
    void through(NDArray output, NDArray gradient, Hidden input) {
      NDList leaves = new NDList(input.array);
      sharedCuts().forEach(cut -> leaves.add(cut.leaf));
      NDList found =
          autograd.gradients(new NDList(output), new NDList(gradient), all(leaves), into.arrays());
      found.attach(scope);
      byStream = found.get(0);
      byShared = sums(byShared, found.subList(1, found.size()));
    }

    void through(List<Cut> all) {
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

  /** All but the last, which is the stream. */
  private List<Cut> sharedCuts() {
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
