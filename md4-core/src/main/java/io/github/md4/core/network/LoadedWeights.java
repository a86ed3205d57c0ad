// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Weights that never change, by name, in the type of a network's products; owned and closed by this
 * object. In bfloat16 they need half the memory of {@link Parameters}.
 */
public final class LoadedWeights implements AutoCloseable {
  private final FlatArrays flat;
  private final Map<String, Integer> places = new HashMap<>();

  private LoadedWeights(List<ParameterSpec> specs, FlatArrays flat) {
    this.flat = flat;
    for (ParameterSpec spec : specs) {
      places.put(spec.name(), places.size());
    }
  }

  /**
   * Reads weights; nothing of them stays on the host, unless it is the device.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the parameters, in the order of files
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @param source reads the weights, a part at a time
   * @return the weights, closed by the caller
   * @throws IOException if a file cannot be read
   */
  public static LoadedWeights read(
      NDManager parent, List<ParameterSpec> specs, Precision precision, ParameterSource source)
      throws IOException {
    return new LoadedWeights(specs, flat(parent, specs, precision, source));
  }

  /**
   * Reads weights as {@link #read} does.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the parameters, in the order of the arrays
   * @param precision the element type of the arrays
   * @param source reads the weights, a part at a time
   * @return the arrays, closed by the caller
   * @throws IOException if a file cannot be read
   * @hidden its type is internal
   */
  public static FlatArrays flat(
      NDManager parent, List<ParameterSpec> specs, Precision precision, ParameterSource source)
      throws IOException {
    FlatArrays flat =
        FlatArrays.zeros(parent, specs.stream().map(ParameterSpec::shape).toList(), precision);
    try {
      ParameterParts.copy(flat, specs, source);
      return flat;
    } catch (IOException | RuntimeException e) {
      flat.close();
      throw e;
    }
  }

  /**
   * {@return the weight of that name, for kernels alone: it belongs to this object, and no manager
   * frees it}
   *
   * @param name the parameter's name in the model's file
   * @throws IllegalArgumentException if there is none
   */
  public NDArray of(String name) {
    return flat.arrays().get(place(name));
  }

  /**
   * {@return the weight of that name with rows of zeros behind it, up to a multiple of 64, as
   * {@link #of} returns it: it shares the memory}
   *
   * @param name the parameter's name in the model's file
   * @throws IllegalArgumentException if there is none
   */
  public NDArray padded(String name) {
    return flat.padded(place(name)).array;
  }

  private int place(String name) {
    Integer place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException("no weight has this name: " + name);
    }
    return place;
  }

  /**
   * {@return a network with these weights, which frees kernels and weights when it is closed} Both
   * are freed at once where the network or its kernels cannot be made.
   *
   * @param <K> the type of the kernels
   * @param kernels makes the kernels
   * @param closing closes the kernels
   * @param network makes the network of the kernels and of what frees them and the weights
   */
  public <K> FrozenDenoiser frozen(
      Supplier<K> kernels, Consumer<K> closing, BiFunction<K, Runnable, FrozenDenoiser> network) {
    Runnable freeing = this::close;
    try {
      K made = kernels.get();
      freeing =
          () -> {
            closing.accept(made);
            close();
          };
      return network.apply(made, freeing);
    } catch (RuntimeException e) {
      freeing.run();
      throw e;
    }
  }

  @Override
  public void close() {
    flat.close();
  }
}
