// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Memory;
import io.github.md4.core.internal.cuda.KernelCache.Text;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A compiler that compiles each text once in a process, and not at all where the cache has it.
 * Several texts are compiled side by side.
 */
final class KernelCompiler {
  private static final long SLOW_MILLIS = 3000;

  /** Never freed, since compilation takes seconds. */
  private final Map<Text, CompletableFuture<Memory>> compiled = new ConcurrentHashMap<>();

  private final KernelCache cache;
  private final long slowMillis;
  private final Consumer<String> messages;
  private final AtomicBoolean hasAnnounced = new AtomicBoolean();

  /** What this process has compiled and kept, and nobody has waited for yet. */
  private final Set<Text> kept = ConcurrentHashMap.newKeySet();

  private final AtomicLong waitedNanos = new AtomicLong();

  /**
   * @param messages takes a line while compilation takes long, once
   */
  KernelCompiler(KernelCache cache, Consumer<String> messages) {
    this(cache, SLOW_MILLIS, messages);
  }

  KernelCompiler(KernelCache cache, long slowMillis, Consumer<String> messages) {
    this.cache = cache;
    this.slowMillis = slowMillis;
    this.messages = messages;
  }

  /** Begins to compile a text on another thread, where this process has not begun yet. */
  void prepare(Text text, Function<Text, byte[]> compile) {
    CompletableFuture<Memory> own = new CompletableFuture<>();
    if (compiled.putIfAbsent(text, own) == null) {
      Thread thread = new Thread(() -> complete(own, text, compile), "kernel-compiler");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /**
   * Returns the machine code of a text.
   *
   * @return the same memory at each call: read only, not to be closed
   */
  Memory code(Text text, Function<Text, byte[]> compile) {
    long start = System.nanoTime();
    Memory code = awaited(text, compile);
    if (kept.remove(text)) {
      long unused = waitedNanos.addAndGet(System.nanoTime() - start);
    }
    return code;
  }

  /**
   * Returns the seconds for which callers have waited for code that was compiled: the next process,
   * which finds it in the folder, does not wait for it. What could not be kept does not count.
   */
  double secondsOfCompilation() {
    return waitedNanos.get() * 1e-9;
  }

  private Memory awaited(Text text, Function<Text, byte[]> compile) {
    CompletableFuture<Memory> own = new CompletableFuture<>();
    CompletableFuture<Memory> begun = compiled.putIfAbsent(text, own);
    if (begun == null) {
      complete(own, text, compile);
    }
    try {
      return (begun == null ? own : begun).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void complete(CompletableFuture<Memory> own, Text text, Function<Text, byte[]> compile) {
    try {
      AtomicBoolean isNew = new AtomicBoolean();
      byte[] code =
          cache.code(
              text,
              () -> {
                isNew.set(true);
                return watched(text, compile);
              });
      if (isNew.get() && cache.holds(text)) {
        boolean unused = kept.add(text);
      }
      Memory memory = new Memory(code.length);
      memory.write(0, code, 0, code.length);
      own.complete(memory);
    } catch (RuntimeException | Error e) {
      compiled.remove(text, own);
      own.completeExceptionally(e);
    }
  }

  private byte[] watched(Text text, Function<Text, byte[]> compile) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    CompletableFuture<Void> unused =
        end.orTimeout(slowMillis, TimeUnit.MILLISECONDS)
            .exceptionally(
                late -> {
                  announce();
                  return null;
                });
    try {
      return compile.apply(text);
    } finally {
      end.complete(null);
    }
  }

  private void announce() {
    if (!hasAnnounced.getAndSet(true)) {
      messages.accept("compiling kernels for this GPU, once");
    }
  }
}
