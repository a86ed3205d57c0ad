// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonObject;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.image.DitConfig;
import io.github.md4.core.network.image.DitShape;
import io.github.md4.core.network.image.ImageConfig;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.network.image.UVitConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import java.util.List;
import java.util.Optional;

/**
 * A network as the Python files of an export have it.
 *
 * @param code the name of the Python file among the resources
 * @param modelType the model_type of its config.json
 * @param sizes its keys in config.json
 */
record ExportedNetwork(String code, String modelType, JsonObject sizes) {

  /** Returns the form of a network, if the Python files have one of its kind. */
  static Optional<ExportedNetwork> of(NetworkConfig network) {
    if (network instanceof TransformerConfig transformer) {
      return Optional.of(new ExportedNetwork("modeling_md4.py", "md4", transformer(transformer)));
    }
    if (network instanceof UNetConfig unet) {
      return Optional.of(image(unet, "unet", unet(unet)));
    }
    if (network instanceof UVitConfig uvit) {
      return Optional.of(image(uvit, "uvit", uvit(uvit)));
    }
    if (network instanceof DitConfig dit) {
      JsonObject sizes = new JsonObject();
      sizes.add("middle", patches(dit.blocks()));
      return Optional.of(image(dit, "dit", sizes));
    }
    return Optional.empty();
  }

  private static JsonObject transformer(TransformerConfig network) {
    JsonObject sizes = new JsonObject();
    sizes.addProperty("head_width", network.headWidth());
    sizes.addProperty("heads", network.heads());
    sizes.addProperty("key_value_heads", network.keyValueHeads());
    sizes.addProperty("layers", network.layers());
    sizes.addProperty("hidden_width", network.hiddenWidth());
    sizes.addProperty("embedding", network.embedding().toString());
    sizes.addProperty("time_features", network.timeFeatures().toString());
    sizes.addProperty("classes", network.classes());
    sizes.addProperty("activation", network.activation().toString());
    sizes.addProperty("causal", network.causal());
    return sizes;
  }

  private static JsonObject unet(UNetConfig network) {
    JsonObject sizes = new JsonObject();
    sizes.addProperty("layers", network.layers());
    sizes.add("multipliers", ExportJson.tree(List.of(1)));
    return sizes;
  }

  private static JsonObject uvit(UVitConfig network) {
    JsonObject sizes = new JsonObject();
    sizes.addProperty("layers", network.layers());
    sizes.add("multipliers", ExportJson.tree(network.multipliers()));
    sizes.add("middle", patches(network.middle()));
    return sizes;
  }

  private static JsonObject patches(DitShape shape) {
    JsonObject sizes = new JsonObject();
    sizes.addProperty("width", shape.width());
    sizes.addProperty("heads", shape.heads());
    sizes.addProperty("layers", shape.layers());
    sizes.addProperty("patch", shape.patch());
    return sizes;
  }

  private static ExportedNetwork image(ImageConfig network, String kind, JsonObject sizes) {
    sizes.addProperty("kind", kind);
    sizes.addProperty("height", network.image().height());
    sizes.addProperty("width", network.image().width());
    sizes.addProperty("colours", network.image().colours());
    sizes.addProperty("channels", network.width());
    sizes.addProperty("time_features", network.timeFeatures().toString());
    sizes.addProperty("classes", network.classes());
    sizes.addProperty("labels", network.classes() + (network.nullLabel().isPresent() ? 1 : 0));
    return new ExportedNetwork("modeling_md4_image.py", "md4_image", sizes);
  }
}
