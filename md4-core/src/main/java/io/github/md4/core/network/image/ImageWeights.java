// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.image.ConditionProducts;
import io.github.md4.core.internal.image.FilterPacks;
import io.github.md4.core.internal.image.KnownProducts;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The weights of an image network that never change: those of products in their type, all others in
 * float32.
 */
final class ImageWeights implements AutoCloseable {
  private final Function<String, NDArray> exact;
  private final Map<String, NDArray> ofProducts = new HashMap<>();
  private final Runnable owned; // frees those that are this object's own
  private ConditionProducts joined = ConditionProducts.NONE;
  private Optional<FilterPacks> packs = Optional.empty();

  private ImageWeights(Function<String, NDArray> exact, Runnable owned) {
    this.exact = exact;
    this.owned = owned;
  }

  private ImageWeights(
      Function<String, NDArray> exact, List<ParameterSpec> specs, FlatArrays copy, Runnable owned) {
    this(exact, owned);
    for (int i = 0; i < specs.size(); i++) {
      ofProducts.put(specs.get(i).name(), copy.arrays().get(i));
    }
  }

  /**
   * Returns weights that are parameters, which stay the caller's, with copies of those of products.
   *
   * @param ofProducts the parameters that are read in the type of the products
   * @param precision that type: in float32 products read the parameters themselves
   */
  static ImageWeights of(
      NDManager parent,
      Parameters parameters,
      List<ParameterSpec> ofProducts,
      Precision precision) {
    if (precision == Precision.FLOAT32) {
      return new ImageWeights(parameters::get, () -> {});
    }
    FlatArrays copy = FlatArrays.zeros(parent, shapes(ofProducts), precision);
    for (int i = 0; i < ofProducts.size(); i++) {
      copy.set(i, parameters.get(ofProducts.get(i).name()));
    }
    return new ImageWeights(parameters::get, ofProducts, copy, copy::close);
  }

  /**
   * Reads weights, each in the type alone in which it is needed.
   *
   * @param specs all parameters
   * @param ofProducts those that are read in the type of the products
   * @param precision that type, not float32
   */
  static ImageWeights read(
      NDManager parent,
      List<ParameterSpec> specs,
      List<ParameterSpec> ofProducts,
      Precision precision,
      ParameterSource source)
      throws IOException {
    List<ParameterSpec> others = new ArrayList<>(specs);
    others.removeAll(ofProducts);
    Parameters exact = Parameters.read(parent, others, source);
    try {
      FlatArrays copy = LoadedWeights.flat(parent, ofProducts, precision, source);
      return new ImageWeights(
          exact::get,
          ofProducts,
          copy,
          () -> {
            copy.close();
            exact.close();
          });
    } catch (IOException | RuntimeException e) {
      exact.close();
      throw e;
    }
  }

  private static List<Shape> shapes(List<ParameterSpec> specs) {
    return specs.stream().map(ParameterSpec::shape).toList();
  }

  /** Returns a weight for kernels. */
  NDArray of(String name) {
    NDArray copy = ofProducts.get(name);
    return copy == null ? exact.apply(name) : copy;
  }

  /**
   * Keeps what the kernels make of the weights, from now on. Products of the condition are made at
   * once, if there are several, they are alike, and the kernels can.
   *
   * @param products weight and bias of each
   */
  void prepare(NDManager parent, UNetKernels kernels, List<List<ParameterSpec>> products) {
    long shapes = products.stream().map(product -> product.get(0).shape()).distinct().count();
    if (products.size() > 1 && shapes == 1) {
      joined = kernels.products(parent, column(products, 0), column(products, 1));
    }
    packs = kernels.packs(parent);
  }

  private List<NDArray> column(List<List<ParameterSpec>> products, int place) {
    return products.stream().map(product -> of(product.get(place).name())).toList();
  }

  /**
   * Returns what need not be made again, and the products of the condition that are made at once.
   *
   * @param condition float32 [B, W], or empty
   */
  Backbone.Known known(NDManager scope, NDList condition) {
    KnownProducts products =
        condition.isEmpty() ? KnownProducts.NONE : joined.of(scope, condition.singletonOrThrow());
    return new Backbone.Known(products, packs);
  }

  @Override
  public void close() {
    joined.close();
    packs.ifPresent(FilterPacks::close);
    owned.run();
  }
}
