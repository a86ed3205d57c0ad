// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;

/** The JSON Schema of a config, which editors use to complete and check keys. */
public final class ConfigSchema {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String DRAFT = "https://json-schema.org/draft/2020-12/schema";

  private ConfigSchema() {}

  /** Returns the schema as text, with a line break at its end. */
  public static String of(Class<? extends Record> config) {
    ObjectNode schema = JSON.objectNode().put("$schema", DRAFT);
    ObjectNode root = section(SectionType.of(config), null);
    ((ObjectNode) root.get("properties"))
        .set("version", JSON.objectNode().put("const", ConfigLoader.VERSION));
    ((ArrayNode) root.get("required")).insert(0, ConfigLoader.VERSION_KEY);
    schema.setAll(root);
    return schema.toPrettyString() + "\n";
  }

  private static ObjectNode section(SectionType section, Object known) {
    ObjectNode schema = JSON.objectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    Map<String, Object> values = KeyReference.values(section, known);
    for (RecordComponent component : section.components()) {
      String name = component.getName();
      ObjectNode property = property(component.getGenericType(), values.get(name));
      String meaning = KeyReference.meaning(component);
      if (!meaning.isEmpty()) {
        property.put("description", meaning);
      }
      properties.set(name, property);
      if (isRequired(ConfigType.of(component.getGenericType()), values.get(name))) {
        required.add(name);
      }
    }
    return schema.put("additionalProperties", false);
  }

  private static boolean isRequired(ConfigType type, Object value) {
    if (value != null) {
      return false;
    }
    if (!(type instanceof SectionType section)) {
      return !(type instanceof ChoiceType);
    }
    Map<String, Object> values = KeyReference.values(section, null);
    return section.components().stream()
        .anyMatch(
            each -> isRequired(ConfigType.of(each.getGenericType()), values.get(each.getName())));
  }

  private static ObjectNode property(Type type, Object value) {
    ConfigType config = ConfigType.of(type);
    if (config instanceof SectionType section) {
      return section(section, value);
    }
    if (config instanceof ChoiceType choice) {
      return choice(choice, value);
    }
    return config instanceof ListType ? list((ParameterizedType) type) : scalar((Class<?>) type);
  }

  private static ObjectNode choice(ChoiceType choice, Object value) {
    ObjectNode schema = JSON.objectNode();
    ArrayNode anyOf = schema.putArray("anyOf");
    choice
        .kinds()
        .forEach(
            (kind, record) -> {
              Object known = record.isInstance(value) ? value : null;
              ObjectNode each = section(SectionType.of(record), known);
              ((ObjectNode) each.get("properties"))
                  .set("kind", JSON.objectNode().put("const", kind));
              if (known == null) {
                ((ArrayNode) each.get("required")).add("kind");
              }
              anyOf.add(each);
            });
    return schema;
  }

  private static ObjectNode list(ParameterizedType type) {
    ObjectNode element = property(type.getActualTypeArguments()[0], null);
    ObjectNode schema = JSON.objectNode();
    ArrayNode anyOf = schema.putArray("anyOf");
    anyOf.addObject().put("type", "array").set("items", element);
    anyOf.add(element.deepCopy());
    return schema;
  }

  private static ObjectNode scalar(Class<?> type) {
    ObjectNode schema = JSON.objectNode();
    if (type == boolean.class) {
      return schema.put("type", "boolean");
    }
    if (type == int.class || type == long.class) {
      return schema.put("type", "integer");
    }
    if (type == double.class || type == Double.class) {
      return schema.put("type", "number");
    }
    if (type.isEnum()) {
      ArrayNode names = schema.putArray("enum");
      List.of(KeyReference.constants(type).split(" or ")).forEach(names::add);
      return schema;
    }
    ArrayNode types = schema.putArray("type");
    // YAML takes some texts, such as off and 1e12, for other types.
    List.of("string", "number", "boolean").forEach(types::add);
    return schema;
  }
}
