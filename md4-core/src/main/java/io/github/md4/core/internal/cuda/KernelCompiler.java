// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Memory;
import io.github.md4.core.internal.cuda.KernelCache.Text;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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
      byte[] code = cache.code(text, () -> watched(text, compile));
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
