// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.AskedRows;
import java.util.Arrays;

/**
 * One upload of all that a loss by its formula takes of the host.
 *
 * @param rows targets, tokens shown and facts of R rows
 * @param weights of the rows, float32 [R, 1]
 */
public record RowUpload(AskedRows.OnDevice rows, NDArray weights) {

  /** Returns the rows from {@code first} to before {@code end} on the device. */
  public static RowUpload of(
      NDManager scope, Upload upload, AskedRows rows, float[] weights, int first, int end) {
    AskedRows some = rows.range(first, end);
    long columns = 1L + some.facts().length;
    upload.begin(some.count() * (2L * Long.BYTES + columns * Float.BYTES));
    Shape column = new Shape(some.count(), 1);
    AskedRows.OnDevice onDevice =
        new AskedRows.OnDevice(
            longs(scope, upload, some.targets()),
            longs(scope, upload, some.shown()),
            Arrays.stream(some.facts()).map(fact -> upload.floats(scope, fact, column)).toList());
    NDArray w = upload.floats(scope, Arrays.copyOfRange(weights, first, end), column);
    upload.end();
    return new RowUpload(onDevice, w);
  }

  private static NDArray longs(NDManager scope, Upload upload, int... tokens) {
    long[] longs = Arrays.stream(tokens).asLongStream().toArray();
    return upload.longs(scope, longs, new Shape(longs.length));
  }
}
