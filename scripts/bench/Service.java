// SPDX-License-Identifier: Apache-2.0

import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Clients that ask a model for one sequence after another: requests a second, and their times. */
final class Service {
  private static final int WARM_UP = 30;

  private Service() {}

  /** Takes a model folder, a number of clients, and the requests of each. */
  public static void main(String[] args) throws Exception {
    int clients = Integer.parseInt(args[1]);
    int each = Integer.parseInt(args[2]);
    try (MaskedDiffusion model = MaskedDiffusion.load(Path.of(args[0]))) {
      for (int i = 0; i < WARM_UP; i++) {
        model.generate(1, options(i));
      }
      long before = nativeKiB();
      List<Double> times = new ArrayList<>();
      double seconds = run(model, clients, each, times);
      Collections.sort(times);
      System.out.printf(
          Locale.ROOT,
          "%d clients of %d requests: %.1f requests/s, p50 %.2f ms, p95 %.2f ms, memory %+d MiB%n",
          clients,
          each,
          times.size() / seconds,
          times.get(times.size() / 2),
          times.get((int) (times.size() * 0.95)),
          (nativeKiB() - before) / 1024);
    }
  }

  private static SamplingOptions options(long seed) {
    return SamplingOptions.defaults().steps(64).seed(seed);
  }

  private static double run(MaskedDiffusion model, int clients, int each, List<Double> times)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Future<List<Double>>> results = new ArrayList<>();
    long start = System.nanoTime();
    for (int c = 0; c < clients; c++) {
      long first = 1_000_000L * c;
      results.add(threads.submit(() -> client(model, first, each)));
    }
    for (Future<List<Double>> result : results) {
      times.addAll(result.get());
    }
    threads.shutdown();
    return (System.nanoTime() - start) * 1e-9;
  }

  private static List<Double> client(MaskedDiffusion model, long first, int each) {
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < each; i++) {
      long start = System.nanoTime();
      model.generate(1, options(first + i));
      times.add((System.nanoTime() - start) * 1e-6);
    }
    return times;
  }

  /** Returns the memory of the process without Java's heap. */
  private static long nativeKiB() throws IOException {
    System.gc();
    long heap = Runtime.getRuntime().totalMemory() / 1024;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) - heap;
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
