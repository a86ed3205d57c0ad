// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;

/** The uploads of the hand-written pass: a batch, and what goes with it; the rows of a loss. */
public final class FusedUploads {
  private final Upload upload;

  FusedUploads(Upload upload) {
    this.upload = upload;
  }

  /** A batch on the host, prepared on any thread. */
  public record HostBatch(TokenRuns.OnHost runs, Rows.OnHost headRows, int examples, int length) {

    /**
     * @param zt tokens of all positions
     * @param rows flat positions of the head's rows, in ascending order
     * @param vocabulary number of tokens, the mask included
     */
    public static HostBatch of(int[] zt, int[] rows, int examples, int vocabulary) {
      int length = zt.length / examples;
      return new HostBatch(
          TokenRuns.OnHost.of(zt, vocabulary),
          Rows.OnHost.of(rows, examples, length),
          examples,
          length);
    }
  }

  /**
   * A batch on the device.
   *
   * @param all all positions; {@code headRows}, the positions with logits
   */
  public record Batch(TokenRuns runs, Rows all, Rows headRows) {}

  /** Uploads a batch, then runs {@code more}, which uploads at most {@code moreBytes} bytes. */
  public Batch batch(NDManager scope, HostBatch host, long moreBytes, Runnable more) {
    upload.begin(
        TokenRuns.bytes(host.runs.zt().length)
            + 2 * Rows.bytes(host.examples, host.headRows.rows().length)
            + moreBytes);
    TokenRuns runs = TokenRuns.of(scope, upload, host.runs);
    Rows all = Rows.all(scope, upload, host.examples, host.length);
    boolean isAll = host.headRows.rows().length == all.count();
    Rows headRows = isAll ? all : Rows.of(scope, upload, host.headRows, all);
    more.run();
    upload.end();
    return new Batch(runs, all, headRows);
  }

  /** Returns the targets of rows, int32 [R], and behind them vectors of float32, in one upload. */
  NDList rows(NDManager scope, int[] targets, float[]... vectors) {
    long bytes = (long) targets.length * Integer.BYTES;
    for (float[] vector : vectors) {
      bytes += (long) vector.length * Float.BYTES;
    }
    upload.begin(bytes);
    NDList arrays = new NDList(upload.ints(scope, targets, new Shape(targets.length)));
    for (float[] vector : vectors) {
      arrays.add(upload.floats(scope, vector, new Shape(vector.length)));
    }
    upload.end();
    return arrays;
  }

  /** Returns float32 values on the device, inside a {@link #batch}. */
  public NDArray floats(NDManager scope, float[] values, Shape shape) {
    return upload.floats(scope, values, shape);
  }

  /** Returns labels int64 on the device, inside a {@link #batch}. */
  public NDArray longs(NDManager scope, long[] values) {
    return upload.longs(scope, values, new Shape(values.length));
  }

  /** Returns uint8 values on the device, inside a {@link #batch}. */
  public NDArray bytes(NDManager scope, byte[] values, Shape shape) {
    return upload.bytes(scope, values, shape);
  }
}
