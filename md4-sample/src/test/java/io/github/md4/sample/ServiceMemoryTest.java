// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.sample.service.PendingSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The memory of a model that serves many requests; scripts/bench/service.sh makes 10,000. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
final class ServiceMemoryTest {
  private static final int WARM_UP = 300;
  private static final int REQUESTS = 1200;

  @Test
  void requests_leaveNoNativeMemoryBehind(@TempDir Path folder) throws IOException {
    TinyModelFolder.write(folder);
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      ask(model, WARM_UP);
      long before = nativeKiB();
      ask(model, REQUESTS);
      // An array of a call that stayed would be some 20 KiB a request, 24 MiB in all.
      assertThat(nativeKiB() - before).isLessThan(16 * 1024);
    }
  }

  private static void ask(MaskedDiffusion model, int requests) {
    SamplingOptions options = SamplingOptions.defaults().steps(4);
    List<PendingSamples> some = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      some.add(model.submit(options.seed(i).samples(1 + i % 3)));
      if (some.size() == 20) {
        some.forEach(each -> assertThat(each.result().join()).isNotEmpty());
        some.clear();
      }
    }
    some.forEach(each -> assertThat(each.result().join()).isNotEmpty());
  }

  private static long nativeKiB() throws IOException {
    System.gc();
    long heap = Runtime.getRuntime().totalMemory() / 1024;
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum()
        - heap;
  }
}
