// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.PixelRange;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A network in a TorchScript file, called on images.
 *
 * <p>Its code is screened before it is loaded ({@link ScreenedScript}), and it runs on a thread of
 * its own, for which nobody waits longer than a limit.
 */
public final class ScriptFile implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(10); // a batch takes seconds

  private final Path file;
  private final NDManager manager;
  private final PtSymbolBlock module;
  private final Options options;
  private final Duration limit;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(ScriptFile::daemon);
  private boolean isEndless;

  /**
   * The arguments of a script.
   *
   * @param flags boolean arguments of its {@code forward} after the images, in order
   */
  public record Options(PixelRange input, List<Boolean> flags) {
    public Options {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Loads a script onto the device of a manager.
   *
   * @throws InvalidDataException if the file is missing, not TorchScript, or calls what reaches
   *     files or other programs
   */
  public ScriptFile(NDManager parent, Path file, Options options) {
    this(parent, file, options, LIMIT);
  }

  /**
   * @param limit the time after which a call counts as endless
   */
  ScriptFile(NDManager parent, Path file, Options options, Duration limit) {
    new UntrustedFile(file).checkExists("; a TorchScript file is expected");
    this.file = file;
    this.options = options;
    this.limit = limit;
    // Not below the parent: the memory of an endless call must outlive it.
    this.manager = NDManager.newBaseManager(parent.getDevice(), parent.getEngine().getEngineName());
    try {
      module = limited(this::load);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static Thread daemon(Runnable run) {
    Thread thread = new Thread(run, "md4-script");
    thread.setDaemon(true);
    return thread;
  }

  private PtSymbolBlock load() {
    Nnpack.switchOffWhereItCannotStart(manager.getDevice());
    try (InputStream screened = ScreenedScript.open(file)) {
      return JniUtils.loadModule((PtNDManager) manager, screened, true, false);
    } catch (EngineException | IOException e) {
      throw new InvalidDataException(file, "is no TorchScript that libtorch 2.3 can load", e);
    }
  }

  /** Returns the result of a call of the script; it cannot be stopped, so it is left behind. */
  private <T> T limited(Callable<T> call) {
    Future<T> result = thread.submit(call);
    try {
      return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      isEndless = true;
      String reason = "has not ended after %d s: it is endless, or too large for this machine";
      throw new InvalidDataException(file, reason.formatted(limit.toSeconds()), e);
    } catch (InterruptedException e) {
      isEndless = true;
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a script ran", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Returns the first result of the script, all values of an image in one row: float32 [B, F].
   *
   * @param images float32 [B, C, H, W], 0 to 255
   * @throws InvalidDataException if the script fails on them
   */
  public NDArray features(NDManager scope, NDArray images) {
    return limited(() -> run(scope, images));
  }

  private NDArray run(NDManager scope, NDArray images) {
    JniUtils.setGraphExecutorOptimize(false);
    List<IValue> arguments = new ArrayList<>();
    try (NDManager inner = scope.newSubManager()) {
      inner.tempAttachAll(images);
      arguments.add(IValue.from((PtNDArray) options.input.of(images)));
      options.flags.forEach(flag -> arguments.add(IValue.from(flag)));
      NDArray first = first(inner, arguments.toArray(IValue[]::new));
      NDArray rows = first.reshape(images.getShape().get(0), -1).toType(DataType.FLOAT32, true);
      return inner.ret(rows);
    } catch (EngineException e) {
      String[] lines = String.valueOf(e.getMessage()).strip().split("\n", -1);
      throw new InvalidDataException(
          file, "fails on images of %s: %s".formatted(images.getShape(), lines[0]), e);
    } finally {
      arguments.forEach(IValue::close);
    }
  }

  private NDArray first(NDManager scope, IValue... arguments) {
    try (IValue result = IValueUtils.runMethod(module, "forward", arguments)) {
      NDList all = result.toNDList((PtNDManager) scope);
      return all.get(0);
    }
  }

  @Override
  public String toString() {
    return "%s of %s images, flags %s"
        .formatted(file, options.input, Arrays.toString(options.flags.toArray()));
  }

  @Override
  public void close() {
    thread.shutdown();
    if (!isEndless) { // whose memory is in use for ever
      manager.close();
    }
  }
}
