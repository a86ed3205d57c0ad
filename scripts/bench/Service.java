// SPDX-License-Identifier: Apache-2.0

import ai.djl.Device;
import io.github.md4.core.Precision;
import io.github.md4.sample.LoadingOptions;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Clients that ask a model for one sequence after another: requests a second, and their times.
 *
 * <pre>{@code
 * Service MODEL MODE...
 *   clients:16:60   16 clients of 60 requests each
 *   lengths:16:60   the same as clients, of lengths from half of the model's on
 *   turns:16:60     the same, one request at a time
 *   batch:32:4      one request of 32 sequences, four times
 *   fair:64:3       a request of one sequence in 8 steps, alone and beside 3 of 64 sequences
 * }</pre>
 *
 * <p>The system properties steps (64) and precision (float32) say how.
 */
final class Service {
  private static final int WARM_UP = Integer.getInteger("warm", 30);
  private static final int STEPS = Integer.getInteger("steps", 64);
  private static final int FEW_STEPS = 8;

  /** The seeds of a client are from so many times its number on. */
  private static final long FIRST_SEED = 1_000_000;

  private Service() {}

  /** Takes a model folder and modes. */
  public static void main(String[] args) throws Exception {
    LoadingOptions loading =
        new LoadingOptions(
            LoadingOptions.defaults().weights(),
            Precision.parse(System.getProperty("precision", "float32")),
            device());
    try (MaskedDiffusion model = MaskedDiffusion.load(Path.of(args[0]), loading)) {
      for (int i = 0; i < WARM_UP; i++) {
        model.generate(1, options(i));
      }
      for (String mode : Arrays.asList(args).subList(1, args.length)) {
        String[] parts = mode.split(":");
        int n = Integer.parseInt(parts[1]);
        int each = Integer.parseInt(parts[2]);
        switch (parts[0]) {
          case "clients" -> clients(model, mode, n, each);
          case "lengths" -> lengths(model, mode, n, each);
          case "turns" -> turns(model, mode, n, each);
          case "batch" -> batch(model, mode, n, each);
          case "fair" -> fair(model, mode, n, each);
          default -> throw new IllegalArgumentException("no such mode: " + mode);
        }
      }
    }
  }

  private static Device device() {
    return LoadingOptions.defaults().device();
  }

  private static SamplingOptions options(long seed) {
    return SamplingOptions.defaults().steps(STEPS).seed(seed);
  }

  private static void clients(MaskedDiffusion model, String mode, int clients, int each)
      throws Exception {
    measure(mode, clients, each, seed -> model.generate(1, options(seed)));
  }

  private static void lengths(MaskedDiffusion model, String mode, int clients, int each)
      throws Exception {
    int longest = model.template("[MASK*]", 0).zt().length;
    measure(
        mode,
        clients,
        each,
        seed -> {
          int length = longest - (int) (seed / FIRST_SEED % (longest / 2 + 1));
          model.infill("[MASK*" + length + "]", options(seed));
        });
  }

  private static void turns(MaskedDiffusion model, String mode, int clients, int each)
      throws Exception {
    Object turn = new Object();
    measure(
        mode,
        clients,
        each,
        seed -> {
          synchronized (turn) {
            model.generate(1, options(seed));
          }
        });
  }

  private interface Request {
    void send(long seed);
  }

  private static void measure(String mode, int clients, int each, Request request)
      throws Exception {
    run(clients, Math.min(each, 2), request, new ArrayList<>()); // shapes that are new
    long before = nativeKiB();
    List<Double> times = new ArrayList<>();
    double seconds = run(clients, each, request, times);
    print(mode, times, times.size() / seconds, (nativeKiB() - before) / 1024);
  }

  private static void print(String mode, List<Double> times, double rate, long mib) {
    Collections.sort(times);
    System.out.printf(
        Locale.ROOT,
        "%s: %.2f sequences/s, p50 %.2f ms, p95 %.2f ms, memory %+d MiB%n",
        mode,
        rate,
        times.get(times.size() / 2),
        times.get((int) (times.size() * 0.95)),
        mib);
  }

  private static double run(int clients, int each, Request request, List<Double> times)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Callable<List<Double>>> tasks = new ArrayList<>();
    for (int c = 0; c < clients; c++) {
      long first = FIRST_SEED * c;
      tasks.add(() -> client(first, each, request));
    }
    long start = System.nanoTime();
    for (Future<List<Double>> result : threads.invokeAll(tasks)) {
      times.addAll(result.get());
    }
    threads.shutdown();
    return (System.nanoTime() - start) * 1e-9;
  }

  private static List<Double> client(long first, int each, Request request) {
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < each; i++) {
      times.add(millis(request, first + i));
    }
    return times;
  }

  private static double millis(Request request, long seed) {
    long start = System.nanoTime();
    request.send(seed);
    return (System.nanoTime() - start) * 1e-6;
  }

  private static void batch(MaskedDiffusion model, String mode, int sequences, int rounds) {
    model.generate(sequences, options(0).steps(2));
    List<Double> times = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; i < rounds; i++) {
      times.add(millis(seed -> model.generate(sequences, options(seed)), i));
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    print(mode, times, sequences * rounds / seconds, 0);
  }

  private static void fair(MaskedDiffusion model, String mode, int sequences, int rounds)
      throws Exception {
    Request small = seed -> model.generate(1, options(seed).steps(FEW_STEPS));
    List<Double> alone = client(0, 20, small);
    List<Double> beside = new ArrayList<>();
    ExecutorService other = Executors.newSingleThreadExecutor();
    for (int i = 0; i < rounds; i++) {
      long seed = i;
      Future<?> large = other.submit(() -> model.generate(sequences, options(seed)));
      Thread.sleep(20);
      while (!large.isDone()) {
        beside.add(millis(small, beside.size()));
      }
      large.get();
      beside.remove(beside.size() - 1); // it may have ended alone
    }
    other.shutdown();
    Collections.sort(alone);
    Collections.sort(beside);
    System.out.printf(
        Locale.ROOT,
        "%s: %d steps alone p50 %.2f ms; beside it p50 %.2f ms, p95 %.2f ms of %d: %.2f times%n",
        mode,
        FEW_STEPS,
        alone.get(alone.size() / 2),
        beside.isEmpty() ? Double.NaN : beside.get(beside.size() / 2),
        beside.isEmpty() ? Double.NaN : beside.get((int) (beside.size() * 0.95)),
        beside.size(),
        beside.isEmpty() ? Double.NaN : beside.get(beside.size() / 2) / alone.get(alone.size() / 2));
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
