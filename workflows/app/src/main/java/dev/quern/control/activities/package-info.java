/** The activities of the control process, and the host that runs them with the workflow. */
@NullMarked
package dev.quern.control.activities;

import org.jspecify.annotations.NullMarked;
