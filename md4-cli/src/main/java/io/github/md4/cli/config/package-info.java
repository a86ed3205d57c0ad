// SPDX-License-Identifier: Apache-2.0
/**
 * Configs: YAML files as records.
 *
 * <p>A config is a record. Its keys are its components' names; a component is a nested record, a
 * list, or one scalar. Three conventions keep YAML out of the records:
 *
 * <ul>
 *   <li>a record with a {@code public static T defaults()} may leave any key out; without it every
 *       key is required, unless a record around it gives a default or the key is itself a record
 *       whose keys all have one;
 *   <li>a type with a {@code public static T parse(String)} is written as a string, its {@code
 *       toString()};
 *   <li>an interface with a {@code static Map<String, Class> kinds()} is one of those records; a
 *       key {@code kind} says which, and without it it is the default's or the first.
 * </ul>
 *
 * Beside these there are {@code boolean}, {@code int}, {@code long}, {@code double}, {@code
 * String}, {@code Path} and enums, whose constants are written in lower case with hyphens. A scalar
 * is read as what its component is, so {@code 1e-3} is a number and {@code no} a string.
 */
package io.github.md4.cli.config;
