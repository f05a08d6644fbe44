# SPDX-License-Identifier: Apache-2.0
"""The renderer node: camera poses in, images out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from nerfstudio_renderer import (
    ConfigurationError,
    contained,
    Frame,
    free_unused_memory,
    reason,
    RendererError,
    Update,
)
from nerfstudio_renderer_ros.endpoints import Endpoints
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.monitoring.diagnostics import Diagnostics
from nerfstudio_renderer_ros.monitoring.event_log import EventLog
from nerfstudio_renderer_ros.monitoring.logs import (
    forward_core_logs,
    log_traceback,
    stop_forwarding,
)
from nerfstudio_renderer_ros.monitoring.statistics import Statistics
from nerfstudio_renderer_ros.state import parameters
from nerfstudio_renderer_ros.state.parameters import Value
from nerfstudio_renderer_ros.state.render_session import RenderSession
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene, SceneOpener
from nerfstudio_renderer_ros.state.scene_service import SceneService
from nerfstudio_renderer_ros.state.settings import Settings
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

Transition = Callable[['RendererNode', LifecycleState], TransitionCallbackReturn]


def _reported(transition: Transition) -> Transition:
    """Return ``transition``, with its errors logged: rclpy only calls on_error."""

    @wraps(transition)
    def run(self: RendererNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(self, state)
        except Exception as error:
            self.get_logger().error(
                f'{transition.__name__}, from {state.label}, failed: {reason(error)}'
            )
            log_traceback(self.get_logger(), error)
            raise

    return run


class RendererNode(LifecycleNode):
    """
    Translates between ROS messages and the render queue; renders nothing itself.

    A managed node: it loads its scene on configure, renders on activate, stops rendering on
    deactivate and frees the device on clean-up.

    :param opener: loads the scene that the parameters name.
    :raises RendererError: if a parameter has a value that cannot be used with any scene.
    """

    def __init__(self, opener: SceneOpener, **node_options: object) -> None:
        super().__init__('nerfstudio_renderer', **node_options)
        self._opener = opener
        self._log_handler = forward_core_logs(self.get_logger())
        self._statistics = Statistics()
        self._event_log = EventLog(self.get_logger(), self._statistics)
        self._session = RenderSession(self._on_frame, self._on_failure)
        self._endpoints: Endpoints | None = None
        self._scenes: SceneService | None = None
        try:
            parameters.declare(self)
            self._settings()
            self.add_on_set_parameters_callback(self._check_parameters)
            self._diagnostics = Diagnostics(self, self._session, self._statistics, self._state)
            self._scenes = SceneService(self, self._change_scene)
        except BaseException:
            self.close()
            raise

    def _on_frame(self, frame: Frame) -> None:
        self._statistics.rendered(frame)
        if (endpoints := self._endpoints) is not None:
            endpoints.publish(frame)

    def _on_failure(self, update: Update, error: Exception) -> None:
        self._event_log.report_failure(update, error)
        log_traceback(self.get_logger(), error)

    def autostart(self) -> None:
        """Configure and activate, unless the parameter of this name is false."""
        self._say_what_is_next('configure')
        if self._starts_itself and self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    @property
    def _starts_itself(self) -> bool:
        return self.get_parameter('autostart').value

    def _say_what_is_next(self, transition: str) -> None:
        if not self._starts_itself:
            self.get_logger().info(
                f'waiting for: ros2 lifecycle set {self.get_fully_qualified_name()} {transition}'
            )

    def close(self) -> None:
        """Stop rendering and destroy the node; the render thread has ended when this returns."""
        if self._scenes is not None:
            self._scenes.close()
        if not self._session.close():
            self.get_logger().error('the render thread did not end in time')
        stop_forwarding(self._log_handler)
        self.destroy_node()
        # Else it lives until the garbage collector runs, and with it the node that it holds and
        # the shared memory of DDS.
        del self._state_machine

    def __enter__(self) -> RendererNode:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the scene."""
        try:
            self._connect()
        except Exception as error:
            self._statistics.judged_scene(reason(error))
            self.get_logger().error(
                f'cannot configure: {reason(error)} [to try again: ros2 param set, then ros2 '
                f'lifecycle set {self.get_fully_qualified_name()} configure]'
            )
            log_traceback(self.get_logger(), error)
        else:
            self._statistics.judged_scene('')
            self._say_what_is_next('activate')
            return super().on_configure(state)
        free_unused_memory()  # of a scene that was loaded before something else failed
        return TransitionCallbackReturn.FAILURE

    @_reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Render the poses that come."""
        result = super().on_activate(state)
        self._session.start()
        settings, scene = self._settings(), self._session.scene
        intrinsics = self._calibration(settings).intrinsics
        self.get_logger().info(
            f'ready: {intrinsics.width} x {intrinsics.height}, poses in '
            f'{"world" if scene.in_world(settings) else "scene"} coordinates'
        )
        return result

    @_reported
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop rendering."""
        if not self._session.stop():
            self.get_logger().warning('the chunk in work is not finished yet')
        return super().on_deactivate(state)

    @_reported
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Destroy the topics and free the device."""
        self._disconnect()
        return super().on_cleanup(state)

    @_reported
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop rendering and free the device, for good."""
        self._disconnect()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to the state unconfigured."""
        self._disconnect()
        return super().on_error(state)

    def _connect(self) -> None:
        scene, settings = self._open(parameters.values(self)), self._settings()
        scene.check(settings, settings.intrinsics)
        self._endpoints = Endpoints(
            self, self._session, self._statistics, self._event_log, self._settings
        )
        self._session.set_scene(scene)

    def _open(self, values: Mapping[str, Value]) -> LoadedScene:
        with contained('loading the scene'):
            return self._opener(values)

    def _disconnect(self) -> None:
        self._session.stop()
        if self._endpoints is not None:
            self._endpoints.close()
            self._endpoints = None
        self._session.clear()

    def _change_scene(self, config: str, checkpoint: str) -> str:
        """Load a scene and show it; return its title. On the thread of the service."""
        old = self._session.scene
        if old is None:
            raise ConfigurationError(
                f'the node is {self._state()}, so there is no scene to replace; to show one, set '
                'the parameter config, then ros2 lifecycle set '
                f'{self.get_fully_qualified_name()} configure'
            )
        names = {'config': config, 'checkpoint': checkpoint}
        try:
            scene = self._open({**parameters.values(self), **names})
            settings = self._settings()  # read after loading, which may take seconds
            update = self._session.change_scene(old, scene, settings, self._calibration(settings))
        except Exception as error:
            failure = f'the scene was not changed: {reason(error)}'
            self._statistics.judged_scene(failure)
            self.get_logger().error(failure)
            log_traceback(self.get_logger(), error)
            raise
        self._statistics.judged_scene('')
        if update is not None:
            self._statistics.accepted(update)
        # The next configuration loads the same scene.
        kept = self.set_parameters_atomically(
            [Parameter(name, value=value) for name, value in names.items()]
        )
        if not kept.successful:
            self.get_logger().warning(f'the parameter config stays as it was: {kept.reason}')
        self.get_logger().info(f'the scene is now {scene.title}')
        return scene.title

    def _settings(self) -> Settings:
        return Settings.from_values(parameters.values(self))

    def _calibration(self, settings: Settings) -> Calibration:
        if (endpoints := self._endpoints) is not None:
            return endpoints.calibration(settings)
        return Calibration.ideal(settings.intrinsics, settings.pixel_centre)

    def _unsupported_reason(self, settings: Settings) -> str | None:
        """Return why the loaded scene cannot be rendered with ``settings``; None if it can."""
        if (scene := self._session.scene) is None:
            return None
        return scene.unsupported_reason(settings, self._calibration(settings).intrinsics)

    def _state(self) -> str:
        return self._state_machine.current_state[1]

    def _check_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        # Only checked here: every pose reads the parameters, so a change takes effect with the
        # next one.
        changed = {parameter.name: parameter.value for parameter in changes}
        try:
            settings = Settings.from_values({**parameters.values(self), **changed})
        except RendererError as error:
            return SetParametersResult(successful=False, reason=reason(error))
        unsupported = self._unsupported_reason(settings)
        if unsupported is not None and self._unsupported_reason(self._settings()) is None:
            return SetParametersResult(successful=False, reason=unsupported)
        return SetParametersResult(successful=True)
