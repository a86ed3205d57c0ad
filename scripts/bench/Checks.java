// SPDX-License-Identifier: Apache-2.0

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The cost of two checks of input: that weights are finite, and that a token file is as long as it
 * was, which every read of a window asks the file system.
 *
 * <pre>java -cp 'md4-cli/target/md4-cli-*-app/lib/*' scripts/bench/Checks.java DATA.bin</pre>
 */
final class Checks {
  private static final int VALUES = 1 << 26; // 256 MiB
  private static final int READS = 200_000;
  private static final int ROUNDS = 7;

  private Checks() {}

  private interface Work {
    void run() throws IOException;
  }

  public static void main(String[] args) throws IOException {
    weights();
    tokens(Path.of(args[0]));
  }

  /** Returns the least and the middle of the times, in milliseconds, after a round to warm up. */
  private static String times(Work work) throws IOException {
    double[] millis = new double[ROUNDS];
    work.run();
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      work.run();
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    Arrays.sort(millis);
    return "least %.1f ms, median %.1f ms".formatted(millis[0], millis[ROUNDS / 2]);
  }

  private static void weights() throws IOException {
    Path file = Files.createTempFile("weights", ".safetensors");
    float[] values = new float[VALUES];
    Arrays.fill(values, 0.5f);
    Shape shape = new Shape(VALUES);
    SafeTensors.write(
        file, Map.of(), List.of(NamedTensor.floats("w", shape, () -> FloatBuffer.wrap(values))));
    try (SafeTensors tensors = SafeTensors.open(file)) {
      System.out.println("256 MiB, as they are: " + times(() -> tensors.asFloats("w")));
      System.out.println("256 MiB, checked:     " + times(() -> tensors.asFiniteFloats("w")));
    } finally {
      Files.delete(file);
    }
  }

  private static void tokens(Path file) throws IOException {
    for (int length : new int[] {12, 256, 1024}) {
      int[] window = new int[length];
      try (TokenFile tokens = TokenFile.open(file)) {
        long last = tokens.length() - length;
        String read =
            times(
                () -> {
                  for (int i = 0; i < READS; i++) {
                    tokens.read(i * 7919L % last, window);
                  }
                });
        String asked =
            times(
                () -> {
                  long sum = 0;
                  for (int i = 0; i < READS; i++) {
                    sum += file.toFile().length();
                  }
                  if (sum == 0) {
                    throw new IOException("the file is empty");
                  }
                });
        System.out.printf("%,d reads of %d tokens: %s; of it its length: %s%n", READS, length, read, asked);
      }
    }
  }
}
