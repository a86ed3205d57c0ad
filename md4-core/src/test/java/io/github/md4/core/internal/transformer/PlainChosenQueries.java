// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Optional;

/** Attention of chosen queries by attention of all, of which the others are zero. */
final class PlainChosenQueries implements AttentionKernels, AttentionKernels.ChosenQueries {
  private static final String TEXT =
      """
      def everywhere(self: __torch__.M, q: Tensor, qkv: Tensor, rows: Tensor) -> Tensor:
        all = qkv.clone()
        torch.slice(all, 1, 0, q.size(1)).zero_().index_copy_(0, rows, q)
        return all
      def scattered(self: __torch__.M, x: Tensor, rows: Tensor, size: int) -> Tensor:
        return torch.zeros([size, x.size(1)]).index_copy_(0, rows, x)
      def take(self: __torch__.M, x: Tensor, columns: int, rows: Tensor) -> Tensor:
        return torch.index_select(torch.slice(x, 1, 0, columns), 0, rows)
      """;

  private final TorchScript script;
  private final int width;
  private AttentionKernels ofAll;

  PlainChosenQueries(NDManager manager, FusedKernels.Options options) {
    this.script = TorchScript.load(manager, Map.of(), TEXT);
    this.width = options.network().heads() * options.network().headWidth();
  }

  /** Sets the attention of all queries. */
  void by(AttentionKernels attention) {
    ofAll = attention;
  }

  @Override
  public Optional<ChosenQueries> chosenQueries() {
    return Optional.of(this);
  }

  @Override
  public NDList attend(NDManager scope, NDArray qkv, int length, int seed) {
    return ofAll.attend(scope, qkv, length, seed);
  }

  @Override
  public NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed) {
    return ofAll.attendBackward(scope, gradient, qkv, forward, rotary, seed);
  }

  /** Returns the chosen rows of the output, all queries, and the result of attention of all. */
  @Override
  public NDList attend(NDManager scope, NDArray q, NDArray qkv, Rows rows, int seed) {
    NDArray all = one(scope, "everywhere", q, qkv, positions(rows));
    NDList made = ofAll.attend(scope, all, rows.length(), seed);
    NDList results = new NDList(one(scope, "take", made.get(0), width, positions(rows)), all);
    return results.addAll(made);
  }

  @Override
  public NDList attendBackward(
      NDManager scope, NDArray gradient, Given given, NDList rotary, int seed) {
    NDArray rows = positions(given.rows());
    NDArray everywhere = one(scope, "scattered", gradient, rows, given.rows().positions());
    NDList forward = new NDList(given.forward().subList(2, given.forward().size()));
    NDArray dqkv =
        ofAll.attendBackward(scope, everywhere, given.forward().get(1), forward, rotary, seed);
    return new NDList(one(scope, "take", dqkv, width, rows), dqkv);
  }

  private static NDArray positions(Rows rows) {
    return rows.chosen().orElseThrow().longs();
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  @Override
  public void close() {
    ofAll.close();
    script.close();
  }
}
