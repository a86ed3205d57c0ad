// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.sample.service.ServiceCounts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The counters of a server, and their text for Prometheus. Safe for several threads. */
final class Metrics {
  private static final double[] BOUNDS = {0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300};
  private static final double NANOS = 1e-9;

  private final Map<String, Long> answers = new TreeMap<>();
  private final Map<String, Histogram> seconds = new TreeMap<>();
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicLong gone = new AtomicLong();
  private final AtomicLong given = new AtomicLong();
  private final AtomicLong drawn = new AtomicLong();
  private final long start = System.currentTimeMillis();

  /** The times of an endpoint's requests. */
  private static final class Histogram {
    private final long[] below = new long[BOUNDS.length];
    private long count;
    private double sum;

    private void add(double value) {
      for (int i = 0; i < BOUNDS.length; i++) {
        below[i] += value <= BOUNDS[i] ? 1 : 0;
      }
      count++;
      sum += value;
    }
  }

  /** Counts a request that begins. */
  void begun() {
    int unused = active.incrementAndGet();
  }

  /**
   * Counts a request that has ended.
   *
   * @param endpoint its path, or that of no endpoint
   * @param status 0 where the client had gone
   */
  synchronized void ended(String endpoint, int status, long nanos) {
    int unused = active.decrementAndGet();
    if (status == 0) {
      long unusedCount = gone.incrementAndGet();
    } else {
      Long unusedCount =
          answers.merge("endpoint=\"%s\",status=\"%d\"".formatted(endpoint, status), 1L, Long::sum);
    }
    seconds.computeIfAbsent(endpoint, name -> new Histogram()).add(nanos * NANOS);
  }

  /** Returns the number of requests that run. */
  int active() {
    return active.get();
  }

  /** Counts tokens of prompts and scored texts. */
  void read(long tokens) {
    long unused = given.addAndGet(tokens);
  }

  /** Counts tokens that were drawn. */
  void drawn(long tokens) {
    long unused = drawn.addAndGet(tokens);
  }

  /** Returns all of them in Prometheus' text form. */
  synchronized String text(ServedModel served) {
    Text text = new Text();
    text.type("md4_model_info", "gauge", "The model that is served.");
    text.line("md4_model_info{model=\"%s\"}".formatted(escaped(served.name())), 1);
    text.type("md4_http_requests_total", "counter", "Answered requests.");
    answers.forEach((labels, n) -> text.line("md4_http_requests_total{" + labels + "}", n));
    addTimes(text);
    text.type("md4_http_requests_active", "gauge", "Requests that are being answered.");
    text.line("md4_http_requests_active", active.get());
    text.type("md4_http_clients_gone_total", "counter", "Clients who went before their answer.");
    text.line("md4_http_clients_gone_total", gone.get());
    text.type("md4_tokens_total", "counter", "Tokens of prompts and scores, and drawn ones.");
    text.line("md4_tokens_total{kind=\"given\"}", given.get());
    text.line("md4_tokens_total{kind=\"drawn\"}", drawn.get());
    addModel(text, served.model().counts());
    addProcess(text);
    return text.toString();
  }

  private void addTimes(Text text) {
    String name = "md4_http_request_seconds";
    text.type(name, "histogram", "Times from the first byte to the end of the answer.");
    seconds.forEach(
        (endpoint, times) -> {
          String labels = "endpoint=\"" + endpoint + "\"";
          for (int i = 0; i < BOUNDS.length; i++) {
            text.line("%s_bucket{%s,le=\"%s\"}".formatted(name, labels, BOUNDS[i]), times.below[i]);
          }
          text.line("%s_bucket{%s,le=\"+Inf\"}".formatted(name, labels), times.count);
          text.line("%s_sum{%s}".formatted(name, labels), times.sum);
          text.line("%s_count{%s}".formatted(name, labels), times.count);
        });
  }

  private static void addModel(Text text, ServiceCounts counts) {
    text.type("md4_model_requests", "gauge", "Requests for samples and scores at the model.");
    text.line("md4_model_requests{state=\"running\"}", counts.running());
    text.line("md4_model_requests{state=\"waiting\"}", counts.waiting());
    text.type("md4_model_positions", "gauge", "Positions of all their sequences.");
    text.line("md4_model_positions", counts.positions());
    text.type("md4_model_calls_total", "counter", "Calls of the network for samples.");
    text.line("md4_model_calls_total", counts.calls());
    text.type("md4_model_sequences_total", "counter", "Sequences in these calls.");
    text.line("md4_model_sequences_total", counts.sequences());
  }

  private void addProcess(Text text) {
    text.type("process_start_time_seconds", "gauge", "The start, in seconds since 1970.");
    text.line("process_start_time_seconds", start / 1000.0);
    text.type("process_resident_memory_bytes", "gauge", "Memory of the process.");
    text.line("process_resident_memory_bytes", residentBytes());
    text.type("jvm_heap_used_bytes", "gauge", "Memory of Java's objects.");
    text.line(
        "jvm_heap_used_bytes", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
  }

  private static long residentBytes() {
    try {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 3);
      return Long.parseLong(pages[1]) << 12;
    } catch (IOException e) {
      return 0;
    }
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** Lines in the text form. */
  private static final class Text {
    private final StringBuilder lines = new StringBuilder();

    private void type(String name, String type, String help) {
      lines.append("# HELP %s %s\n# TYPE %s %s\n".formatted(name, help, name, type));
    }

    private void line(String name, long value) {
      lines.append(name).append(' ').append(value).append('\n');
    }

    private void line(String name, double value) {
      lines.append(name).append(String.format(Locale.ROOT, " %.6f%n", value));
    }

    @Override
    public String toString() {
      return lines.toString();
    }
  }
}
