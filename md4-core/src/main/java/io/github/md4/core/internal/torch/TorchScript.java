// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A set of TorchScript functions, compiled by libtorch from source text at start-up. It gives
 * access to every ATen operator that NDArray lacks.
 *
 * <p>{@link #run} calls a function in inference mode, {@link #record} calls it recorded for
 * automatic differentiation. Results of {@code run} cannot take part in a recorded call.
 */
public final class TorchScript implements AutoCloseable {
  private static final String HEADER =
      "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n";

  /**
   * The lock of the names that arrays have during one call: several threads may record over the
   * same arrays.
   */
  private static final Object NAMES = new Object();

  private final NDManager manager;
  private final PtSymbolBlock module;
  private final Map<String, NDArray> tags = new ConcurrentHashMap<>();

  private TorchScript(NDManager manager, PtSymbolBlock module) {
    this.manager = manager;
    this.module = module;
  }

  /**
   * Returns the functions of a source text.
   *
   * @param parent the manager under which they live
   * @param constants the values of {@code self.name}: Boolean, Integer or Double
   * @param functions the text of the functions, without the class around them
   */
  public static TorchScript load(NDManager parent, Map<String, ?> constants, String functions) {
    String code = HEADER + functions.indent(2);
    for (Map.Entry<String, ?> constant : constants.entrySet()) {
      code =
          code.replaceAll("\\bself\\." + constant.getKey() + "\\b", literal(constant.getValue()));
    }
    NDManager manager = parent.newSubManager();
    InputStream archive = new ByteArrayInputStream(ScriptArchive.of(code));
    try {
      return new TorchScript(
          manager, JniUtils.loadModule((PtNDManager) manager, archive, false, false));
    } catch (IOException e) {
      throw new UncheckedIOException("an archive in memory", e);
    }
  }

  /** Returns the text of a resource in a class's package. */
  public static String resource(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /**
   * Calls a function in inference mode.
   *
   * @param scope the manager that takes the results
   * @param arguments NDArray, {@code List} of NDArray, {@link SharedList}, Integer, Long, Double or
   *     Boolean, in order
   */
  public NDList run(NDManager scope, String function, Object... arguments) {
    JniUtils.setGraphExecutorOptimize(false);
    IValue[] values = Arrays.stream(arguments).map(TorchScript::value).toArray(IValue[]::new);
    try (IValue result = IValueUtils.runMethod(module, function, values)) {
      return result.toNDList((PtNDManager) scope);
    } finally {
      for (int i = 0; i < values.length; i++) {
        if (!(arguments[i] instanceof SharedList)) {
          values[i].close();
        }
      }
    }
  }

  /** A list of arrays that is an argument of many calls and converted once. */
  public static final class SharedList implements AutoCloseable {
    private final IValue value;

    public SharedList(List<NDArray> arrays) {
      value = TorchScript.value(arrays);
    }

    @Override
    public void close() {
      value.close();
    }
  }

  /**
   * Calls a function recorded for a backward pass, inside {@link Autograd#record}.
   *
   * <p>DJL reads from the arrays' names which of them form a list. Names belong to the array, and
   * parameters are shared, so one thread at a time sets names and calls.
   *
   * @param scope the manager that takes the results
   * @param arguments NDArray or not empty {@code List} of NDArray, in order
   */
  public NDList record(NDManager scope, String function, Object... arguments) {
    JniUtils.setGraphExecutorOptimize(false);
    NDArray tag = tag(function);
    NDList results;
    synchronized (NAMES) {
      NDList inputs = new NDList();
      for (int i = 0; i < arguments.length; i++) {
        add(inputs, arguments[i], "list" + i + "[]");
      }
      inputs.add(tag);
      results = IValueUtils.forward(module, inputs, true);
    }
    results.attach(scope);
    return results;
  }

  @Override
  public void close() {
    manager.close();
  }

  private static void add(NDList inputs, Object argument, String listName) {
    if (argument instanceof NDArray array) {
      array.setName(null);
      inputs.add(array);
      return;
    }
    for (Object element : (List<?>) argument) {
      NDArray array = (NDArray) element;
      array.setName(listName);
      inputs.add(array);
    }
  }

  /** Returns the array whose name tells DJL the function to call; its content has no effect. */
  private NDArray tag(String function) {
    return tags.computeIfAbsent(
        function,
        name -> {
          NDArray tag = manager.create(0f);
          tag.setName("module_method:" + name);
          return tag;
        });
  }

  private static IValue value(Object argument) {
    if (argument instanceof NDArray array) {
      return IValue.from((PtNDArray) array);
    } else if (argument instanceof SharedList list) {
      return list.value;
    } else if (argument instanceof List<?> list) {
      return IValue.listFrom(list.toArray(PtNDArray[]::new));
    } else if (argument instanceof Double number) {
      return IValue.from(number);
    } else if (argument instanceof Boolean truth) {
      return IValue.from(truth);
    }
    return IValue.from(((Number) argument).longValue());
  }

  private static String literal(Object constant) {
    return constant instanceof Boolean truth ? (truth ? "True" : "False") : constant.toString();
  }
}
