// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import java.util.LinkedHashMap;
import java.util.Map;

/** The properties of an image network in reports. */
final class ImageFacts {
  private ImageFacts() {}

  /** Returns the common properties in a map that can be extended. */
  static Map<String, Object> of(String kind, ImageConfig config) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", kind);
    facts.put("image", config.image().toString());
    facts.put("width", config.width());
    facts.put("classes", config.classes());
    facts.put("timeFeatures", config.timeFeatures().toString());
    facts.put("dropout", config.dropout());
    return facts;
  }
}
