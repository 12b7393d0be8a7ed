/**
 * Networks of the literature and of the demo, made of the layers of {@code io.octavo.nn} alone.
 */
package io.octavo.nn.models;
