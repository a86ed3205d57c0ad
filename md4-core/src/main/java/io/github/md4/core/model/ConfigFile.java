// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import io.github.md4.core.Activation;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/** A model's config.json: the components of {@link ModelConfig} by name, and a format version. */
final class ConfigFile {
  private static final String VERSION = "formatVersion";
  private static final int CURRENT = 1;
  private static final String OBJECTIVE = "objective";
  private static final String NETWORK = "network";

  private static final Gson GSON =
      StrictJson.builder()
          .setPrettyPrinting()
          .registerTypeHierarchyAdapter(ObjectiveKind.class, text(ObjectiveKind::parse))
          .registerTypeHierarchyAdapter(ScheduleConfig.class, text(ScheduleConfig::parse))
          .registerTypeHierarchyAdapter(Activation.class, text(Activation::parse))
          .registerTypeHierarchyAdapter(
              TransformerConfig.Embedding.class, text(TransformerConfig.Embedding::parse))
          .registerTypeHierarchyAdapter(TimeFeatures.class, text(TimeFeatures::parse))
          .registerTypeHierarchyAdapter(
              TransformerConfig.Conditioning.class, text(TransformerConfig.Conditioning::parse))
          .registerTypeAdapter(ImageShape.class, text(ImageShape::parse))
          .registerTypeAdapter(NetworkConfig.class, new NetworkJson())
          .create();

  private ConfigFile() {}

  /**
   * @throws IllegalArgumentException as {@link #text}
   */
  static void write(Path file, ModelConfig config) throws IOException {
    Files.writeString(file, text(config));
  }

  /**
   * Returns the content of the file.
   *
   * @throws IllegalArgumentException if the schedule or the network could not be read again, being
   *     of a kind that the class path does not name
   */
  static String text(ModelConfig config) {
    ScheduleConfig unused = ScheduleConfig.parse(config.schedule().toString());
    JsonObject json = new JsonObject();
    json.addProperty(VERSION, CURRENT);
    GSON.toJsonTree(config)
        .getAsJsonObject()
        .entrySet()
        .forEach(e -> json.add(e.getKey(), e.getValue()));
    return GSON.toJson(json) + "\n";
  }

  /**
   * @throws InvalidDataException if it is not JSON, of another version, or lacks a key or has one
   *     too many
   */
  static ModelConfig read(Path file) throws IOException {
    return new UntrustedFile(file).readJson("is no model configuration", json -> parse(file, json));
  }

  private static ModelConfig parse(Path file, JsonObject json) {
    JsonElement version = json.remove(VERSION);
    if (!new JsonPrimitive(CURRENT).equals(version)) {
      throw new InvalidDataException(
          file, "must have " + VERSION + " " + CURRENT + ", but has " + version);
    }
    if (!json.has(OBJECTIVE)) { // of a model from when there was one objective
      json.addProperty(OBJECTIVE, new Md4Objective.Kind().name());
    }
    NetworkJson.nameKind(json.get(NETWORK));
    checkNoNull(file, "", json);
    ModelConfig config = GSON.fromJson(json, ModelConfig.class);
    checkKeys(file, "", json, GSON.toJsonTree(config).getAsJsonObject());
    return config;
  }

  private static void checkNoNull(Path file, String prefix, JsonObject json) {
    for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
      if (entry.getValue().isJsonNull()) {
        throw new InvalidDataException(file, prefix + entry.getKey() + " is null");
      }
      if (entry.getValue().isJsonObject()) {
        checkNoNull(file, prefix + entry.getKey() + ".", entry.getValue().getAsJsonObject());
      }
    }
  }

  private static void checkKeys(Path file, String prefix, JsonObject given, JsonObject known) {
    for (String key : known.keySet()) {
      if (!given.has(key)) {
        throw new InvalidDataException(file, "lacks " + prefix + key);
      }
      if (known.get(key).isJsonObject()) {
        checkKeys(file, prefix + key + ".", given.getAsJsonObject(key), known.getAsJsonObject(key));
      }
    }
    for (String key : given.keySet()) {
      if (!known.has(key)) {
        throw new InvalidDataException(file, "has an unknown key, " + prefix + key);
      }
    }
  }

  private static <T> TypeAdapter<T> text(Function<String, T> parse) {
    return new TypeAdapter<>() {
      @Override
      public void write(JsonWriter out, T value) throws IOException {
        out.value(value.toString());
      }

      @Override
      public T read(JsonReader in) throws IOException {
        return parse.apply(in.nextString());
      }
    };
  }
}
