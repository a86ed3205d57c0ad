// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.TensorMap;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@link HopperAttention} of the queries of chosen rows, for heads of 64 channels where every query
 * sees every key. Its dropout follows from a query's number among the chosen rows of its example.
 */
final class HopperChosenQueries implements AttentionKernels.ChosenQueries, AutoCloseable {
  private static final Map<String, Integer> CHOSEN = Map.of("CHOSEN", 1);
  private static final int TILE_ROWS = 64;
  private static final String ANGLES =
      """
      def angles(self: __torch__.M, table: Tensor, rows: Tensor) -> Tensor:
        return torch.index_select(table, 0, torch.remainder(rows, table.size(0)))
      """;

  private final HopperAttention attention;
  private final HopperAttentionBackward backward;
  private Optional<TorchScript> script = Optional.empty();
  private final Map<Integer, CudaProgram> forwards = new HashMap<>();

  HopperChosenQueries(HopperAttention attention) {
    this.attention = attention;
    this.backward = attention.backward(CHOSEN);
  }

  @Override
  public NDList attend(NDManager scope, NDArray q, NDArray qkv, Rows rows, int seed) {
    Rows.Tiles tiles = rows.chosen().orElseThrow().tiles().orElseThrow();
    int groups = attention.groups(Rows.Tiles.number(tiles.many()) * attention.heads());
    NDArray listed = groups * TILE_ROWS == Rows.Tiles.MANY ? tiles.many() : tiles.few();
    int number = Rows.Tiles.number(listed) * attention.heads();
    return attention.attend(
        scope,
        forwards.computeIfAbsent(groups, count -> attention.forward(count, CHOSEN)),
        new HopperAttention.Attending(q, qkv, rows.length(), groups, number, seed),
        new TensorMap(q, rows.count()),
        rows.starts(),
        listed,
        rows.examples());
  }

  @Override
  public NDList attendBackward(
      NDManager scope, NDArray gradient, Given given, NDList rotary, int seed) {
    Rows rows = given.rows();
    NDArray qkv = given.qkv();
    NDArray dq = attention.pool().columns(scope, given.q(), (int) given.q().getShape().get(1));
    NDArray dqkv = attention.pool().columns(scope, qkv, (int) qkv.getShape().get(1));
    NDArray angles = angles(scope, rotary, rows.chosen().orElseThrow().longs());
    backward.launch(
        new HopperAttentionBackward.Given(
            qkv, given.forward().get(0), given.forward().get(1), gradient),
        new HopperAttentionBackward.ChosenRows(given.q(), rows, angles),
        rotary,
        dq,
        dqkv,
        attention.dropout(seed));
    return new NDList(dq, dqkv);
  }

  /** Returns the angles of rows, [R, W + 8]. */
  private NDArray angles(NDManager scope, NDList rotary, NDArray rows) {
    if (script.isEmpty()) {
      script = Optional.of(TorchScript.load(rotary.get(0).getManager(), Map.of(), ANGLES));
    }
    return script.get().run(scope, "angles", backward.angles(rotary), rows).singletonOrThrow();
  }

  @Override
  public void close() {
    forwards.values().forEach(CudaProgram::close);
    backward.close();
    script.ifPresent(TorchScript::close);
  }
}
