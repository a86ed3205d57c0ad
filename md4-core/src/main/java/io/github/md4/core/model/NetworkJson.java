// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import com.google.gson.JsonDeserializationContext;
import com.google.gson.JsonDeserializer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonSerializationContext;
import com.google.gson.JsonSerializer;
import io.github.md4.core.network.NetworkConfig;
import java.lang.reflect.Type;
import java.util.Map;

/** A network's components by name, its kind in front. */
final class NetworkJson implements JsonSerializer<NetworkConfig>, JsonDeserializer<NetworkConfig> {
  private static final String KIND = "kind";

  /** Adds the kind that is meant where none is named. */
  static void nameKind(JsonElement network) {
    if (network != null && network.isJsonObject() && !network.getAsJsonObject().has(KIND)) {
      String first = NetworkConfig.kinds().keySet().iterator().next();
      network.getAsJsonObject().addProperty(KIND, first);
    }
  }

  @Override
  public JsonElement serialize(NetworkConfig network, Type type, JsonSerializationContext context) {
    JsonObject json = new JsonObject();
    json.addProperty(KIND, kind(network));
    JsonObject components = context.serialize(network, network.getClass()).getAsJsonObject();
    components.entrySet().forEach(entry -> json.add(entry.getKey(), entry.getValue()));
    return json;
  }

  private static String kind(NetworkConfig network) {
    return NetworkConfig.kinds().entrySet().stream()
        .filter(kind -> kind.getValue() == network.getClass())
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no NetworkKind on the class path names " + network.getClass().getName()));
  }

  @Override
  public NetworkConfig deserialize(
      JsonElement json, Type type, JsonDeserializationContext context) {
    JsonObject components = json.getAsJsonObject().deepCopy();
    String name = components.remove(KIND).getAsString();
    Class<? extends NetworkConfig> kind = NetworkConfig.kinds().get(name);
    if (kind == null) {
      throw new JsonParseException(
          "network.kind must be one of %s: %s"
              .formatted(String.join(", ", NetworkConfig.kinds().keySet()), name));
    }
    return context.deserialize(components, kind);
  }
}
