// SPDX-License-Identifier: Apache-2.0
/**
 * Configs: YAML files as records.
 *
 * <p>A config is a record. Its keys are its components' names; a component is a nested record, a
 * list, or one scalar. Four conventions keep YAML out of the records:
 *
 * <ul>
 *   <li>a record with a {@code public static T defaults()} may leave any key out; without it every
 *       key is required, unless a record around it gives a default or the key is itself a record
 *       whose keys all have one;
 *   <li>a record with a {@code public static Map<String, String> derived()} names keys that, where
 *       they are left out, have the value given to another key;
 *   <li>a type with a {@code public static T parse(String)} is written as a string, its {@code
 *       toString()};
 *   <li>an interface with a {@code static Map<String, Class> kinds()} is one of these records. The
 *       key {@code kind} names it; without the key it is that of the default, or the first.
 * </ul>
 *
 * The other types are {@code boolean}, {@code int}, {@code long}, {@code double}, {@code String},
 * {@code Path} and enums, whose constants are written in lower case with hyphens. A scalar is read
 * as the type of its component, so that {@code no} is a string for a string component.
 */
package io.github.md4.cli.config;
