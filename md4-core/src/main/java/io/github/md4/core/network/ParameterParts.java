// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.internal.torch.FlatArrays;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The transfer of parameters from a source to a device. Several threads read and check parts of
 * them, from the disk if need be, while the parts before are copied as they are; nothing is held on
 * the heap.
 */
final class ParameterParts {
  private static final int PART = 1 << 24; // elements
  private static final int READERS = 4;
  private static final int AHEAD = 2 * READERS;

  private final FlatArrays to;
  private final ParameterSource source;
  private final Deque<Reading> readings = new ArrayDeque<>();

  private ParameterParts(FlatArrays to, ParameterSource source) {
    this.to = to;
    this.source = source;
  }

  private record Part(int index, ParameterSpec spec, long first, int count) {}

  private record Reading(Part part, Future<StoredValues> values) {}

  /**
   * Gives arrays the values of a source.
   *
   * @param to arrays of the specs' shapes, in their order
   * @throws IOException if a file cannot be read, or the thread is interrupted
   */
  static void copy(FlatArrays to, List<ParameterSpec> specs, ParameterSource source)
      throws IOException {
    ParameterParts parts = new ParameterParts(to, source);
    ExecutorService readers = Executors.newFixedThreadPool(READERS, ParameterParts::daemon);
    try {
      for (Part part : of(specs)) {
        parts.read(part, readers);
      }
      parts.copyUntil(0);
    } finally {
      parts.readings.forEach(reading -> reading.values.cancel(false));
      readers.shutdown(); // without interrupts, which close the file of the others
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "md4-weights");
    thread.setDaemon(true);
    return thread;
  }

  private static List<Part> of(List<ParameterSpec> specs) {
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      long size = specs.get(i).shape().size();
      for (long first = 0; first < size; first += PART) {
        parts.add(new Part(i, specs.get(i), first, (int) Math.min(PART, size - first)));
      }
    }
    return parts;
  }

  private void read(Part part, ExecutorService readers) throws IOException {
    readings.add(
        new Reading(part, readers.submit(() -> source.read(part.spec, part.first, part.count))));
    copyUntil(AHEAD);
  }

  /** Copies parts in their order until so many are being read. */
  private void copyUntil(int left) throws IOException {
    while (readings.size() > left) {
      Reading next = readings.remove();
      StoredValues values = result(next.values);
      to.set(next.part.index, next.part.first, values.format(), values.data());
    }
  }

  private static StoredValues result(Future<StoredValues> reading) throws IOException {
    try {
      return reading.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("reading weights was stopped").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      } else if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("a reader of weights failed", e.getCause());
    }
  }
}
