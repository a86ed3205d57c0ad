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
import io.github.md4.core.Choices;
import io.github.md4.core.InvalidDataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A network in a TorchScript file, called on images. */
public final class ScriptFile implements AutoCloseable {
  private final Path file;
  private final NDManager manager;
  private final PtSymbolBlock module;
  private final Options options;

  /** The range and type of a script's images. */
  public enum Input {
    /** uint8, 0 to 255. */
    UINT8 {
      @Override
      NDArray of(NDArray values) {
        return values.toType(DataType.UINT8, false);
      }
    },
    /** Float32, 0 to 1. */
    UNIT {
      @Override
      NDArray of(NDArray values) {
        return values.div(HIGHEST);
      }
    },
    /** Float32, -1 to 1. */
    SIGNED {
      @Override
      NDArray of(NDArray values) {
        return values.div(HIGHEST / 2).sub(1);
      }
    };

    private static final float HIGHEST = 255;

    abstract NDArray of(NDArray values);

    /** Returns the choice written as {@code uint8}, {@code unit} or {@code signed}. */
    public static Input parse(String text) {
      return Choices.parse(values(), "input", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /**
   * The arguments of a script.
   *
   * @param flags boolean arguments of its {@code forward} after the images, in order
   */
  public record Options(Input input, List<Boolean> flags) {
    public Options {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Loads a script onto the device of a manager.
   *
   * @throws InvalidDataException if the file is missing or not TorchScript
   */
  public ScriptFile(NDManager parent, Path file, Options options) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(file, "no such file; a TorchScript file is expected");
    }
    this.file = file;
    this.options = options;
    this.manager = parent.newSubManager();
    try {
      String[] none = {};
      module = JniUtils.loadModule((PtNDManager) manager, file, true, none, none, false);
    } catch (EngineException e) {
      manager.close();
      throw new InvalidDataException(file, "is no TorchScript that libtorch 2.3 can load", e);
    }
  }

  /**
   * Returns the first result of the script, all values of an image in one row: float32 [B, F].
   *
   * @param images float32 [B, C, H, W], 0 to 255
   * @throws InvalidDataException if the script fails on them
   */
  public NDArray features(NDManager scope, NDArray images) {
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
    manager.close();
  }
}
