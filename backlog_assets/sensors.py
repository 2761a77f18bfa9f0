"""Sensors: what happens by itself after something else did."""

import dagster as dg

from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.partitions import NAME, PROJECTS, partitions_in_flight, project_changes
from backlog_assets.resources import BacklogResource
from backlog_assets.specs import IO_MANAGER, asset_key


def build_project_partitions_sensor() -> dg.SensorDefinition:
    """After `projects` was materialized: a partition for each new project, none for those that vanished."""

    @dg.asset_sensor(
        asset_key=asset_key("projects"),
        name="project_partitions",
        description="Adds the partitions of new projects and drops those of vanished ones, whose rows stay.",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"backlog", IO_MANAGER},
    )
    def project_partitions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        io_manager = getattr(context.resources, IO_MANAGER)
        backlog = context.resources.backlog
        assert isinstance(io_manager, WholeOrNothingIOManager)
        assert isinstance(backlog, BacklogResource)
        only = backlog.selected_projects
        listed = [key for key in io_manager.project_ids() if only is None or key in only]
        known = context.instance.get_dynamic_partitions(NAME)
        changes = project_changes(known, listed, in_flight=partitions_in_flight(context.instance, known))
        if not changes.add and not changes.drop:
            return dg.SkipReason(changes.note or "The partitions are those of the projects.")
        context.log.info("Projects added: %s; dropped: %s. %s", changes.add, changes.drop, changes.note)
        requests = [
            *([PROJECTS.build_add_request(list(changes.add))] if changes.add else []),
            *([PROJECTS.build_delete_request(list(changes.drop))] if changes.drop else []),
        ]
        return dg.SensorResult(dynamic_partitions_requests=requests)

    return project_partitions
