//! The services of the AWS SDK, as a Task names them: `arn:aws:states:::aws-sdk:<service>:<action>`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

/// The services' identifiers without blanks and hyphens, and without a `Service` at their end, in order.
const SERVICES: &str = "
accessanalyzer account acm acmpca aiops alexaforbusiness amp amplify amplifybackend amplifyuibuilder
apigateway apigatewaymanagementapi apigatewayv2 appconfig appconfigdata appfabric appflow appintegrations
applicationautoscaling applicationcostprofiler applicationdiscovery applicationinsights applicationsignals
appmesh apprunner appstream appsync arcregionswitch arczonalshift artifact athena auditmanager autoscaling
autoscalingplans b2bi backup backupgateway backupsearch batch bcmdashboards bcmdataexports
bcmpricingcalculator bcmrecommendedactions bedrock bedrockagent bedrockagentcore bedrockagentcorecontrol
bedrockagentruntime bedrockdataautomation bedrockdataautomationruntime bedrockruntime billing billingconductor
braket budgets chatbot chime chimesdkidentity chimesdkmediapipelines chimesdkmeetings chimesdkmessaging
chimesdkvoice cleanrooms cleanroomsml cloud9 cloudcontrol clouddirectory cloudformation cloudfront
cloudfrontkeyvaluestore cloudhsm cloudhsmv2 cloudsearch cloudsearchdomain cloudtrail cloudtraildata cloudwatch
cloudwatchevents cloudwatchlogs codeartifact codebuild codecatalyst codecommit codeconnections codedeploy
codeguruprofiler codegurureviewer codegurusecurity codepipeline codestar codestarconnections
codestarnotifications cognitoidentity cognitoidentityprovider cognitosync comprehend comprehendmedical
computeoptimizer computeoptimizerautomation config connect connectcampaigns connectcampaignsv2 connectcases
connectcontactlens connecthealth connectparticipant controlcatalog controltower costandusagereport
costexplorer costoptimizationhub customerprofiles databasemigration databrew dataexchange datapipeline
datasync datazone dax deadline detective devicefarm devopsagent devopsguru directconnect directory
directoryservicedata dlm docdb docdbelastic drs dsql dynamodb dynamodbstreams ebs ec2 ec2instanceconnect ecr
ecrpublic ecs efs eks eksauth elasticache elasticbeanstalk elasticinference elasticloadbalancing
elasticloadbalancingv2 elasticsearch elastictranscoder elementalinference emr emrcontainers emrserverless
entityresolution eventbridge evidently evs finspace finspacedata firehose fis fms forecast forecastquery
frauddetector freetier fsx gamelift gameliftstreams gamesparks geomaps geoplaces georoutes glacier
globalaccelerator glue grafana greengrass greengrassv2 groundstation guardduty health healthlake honeycode iam
identitystore imagebuilder importexport inspector inspector2 inspectorscan interconnect internetmonitor
invoicing iot iot1clickdevices iot1clickprojects iotanalytics iotdataplane iotdeviceadvisor iotevents
ioteventsdata iotfleetwise iotjobsdataplane iotmanagedintegrations iotroborunner iotsecuretunneling
iotsitewise iotthingsgraph iottwinmaker iotwireless ivs ivschat ivsrealtime kafka kafkaconnect kendra
kendraranking keyspaces keyspacesstreams kinesis kinesisanalytics kinesisanalyticsv2 kinesisvideo
kinesisvideoarchivedmedia kinesisvideomedia kinesisvideosignaling kinesisvideosignalingchannels
kinesisvideowebrtcstorage kms lakeformation lambda launchwizard lexmodelbuilding lexmodelsv2 lexruntime
lexruntimev2 licensemanager licensemanagerlinuxsubscriptions licensemanagerusersubscriptions lightsail
location lookoutequipment lookoutmetrics lookoutvision m2 machinelearning macie macie2 mailmanager
managedblockchain managedblockchainquery marketplaceagreement marketplacecatalog marketplacecommerceanalytics
marketplacedeployment marketplacediscovery marketplaceentitlement marketplacemetering marketplacereporting
mediaconnect mediaconvert medialive mediapackage mediapackagev2 mediapackagevod mediastore mediastoredata
mediatailor medicalimaging memorydb mgn migrationhub migrationhubconfig migrationhuborchestrator
migrationhubrefactorspaces migrationhubstrategy mobile mpa mq mturk mwaa mwaaserverless neptune neptunedata
neptunegraph networkfirewall networkflowmonitor networkmanager networkmonitor nimble notifications
notificationscontacts novaact oam observabilityadmin odb omics opensearch opensearchserverless opsworks
opsworkscm organizations osis outposts panorama partnercentralaccount partnercentralbenefits
partnercentralchannel partnercentralselling paymentcryptography paymentcryptographydata pcaconnectorad
pcaconnectorscep pcs personalize personalizeevents personalizeruntime pi pinpoint pinpointemail
pinpointsmsvoice pinpointsmsvoicev2 pipes polly pricing privatenetworks proton qapps qbusiness qconnect qldb
qldbsession quicksight ram rbin rds rdsdata redshift redshiftdata redshiftserverless rekognition repostspace
resiliencehub resourceexplorer2 resourcegroups resourcegroupstaggingapi robomaker rolesanywhere route53
route53domains route53globalresolver route53profiles route53recoverycluster route53recoverycontrolconfig
route53recoveryreadiness route53resolver rtbfabric rum s3 s3control s3files s3outposts s3tables s3vectors
sagemaker sagemakera2iruntime sagemakeredge sagemakerfeaturestoreruntime sagemakergeospatial sagemakermetrics
sagemakerruntime savingsplans scheduler schemas secretsmanager securityagent securityhub securityir
securitylake serverlessapplicationrepository servicecatalog servicecatalogappregistry servicediscovery
servicequotas ses sesv2 sfn shield signer signerdata signin simpledb simpledbv2 simspaceweaver sms snowball
snowdevicemanagement sns socialmessaging sqs ssm ssmcontacts ssmguiconnect ssmincidents ssmquicksetup ssmsap
sso ssoadmin ssooidc storagegateway sts supplychain support supportapp sustainability swf synthetics
taxsettings textract timestreaminfluxdb timestreamquery timestreamwrite tnb transcribe transfer translate
trustedadvisor uxc verifiedpermissions voiceid vpclattice waf wafregional wafv2 wellarchitected wickr wisdom
workdocs worklink workmail workmailmessageflow workspaces workspacesinstances workspacesthinclient
workspacesweb xray
";

/// The operations of the services that the embedded cloud has itself.
const DYNAMODB: &str = "
batchExecuteStatement batchGetItem batchWriteItem createBackup createGlobalTable createTable deleteBackup
deleteItem deleteResourcePolicy deleteTable describeBackup describeContinuousBackups
describeContributorInsights describeEndpoints describeExport describeGlobalTable describeGlobalTableSettings
describeImport describeKinesisStreamingDestination describeLimits describeTable
describeTableReplicaAutoScaling describeTimeToLive disableKinesisStreamingDestination
enableKinesisStreamingDestination executeStatement executeTransaction exportTableToPointInTime getItem
getResourcePolicy importTable listBackups listContributorInsights listExports listGlobalTables listImports
listTables listTagsOfResource putItem putResourcePolicy query restoreTableFromBackup restoreTableToPointInTime
scan tagResource transactGetItems transactWriteItems untagResource updateContinuousBackups
updateContributorInsights updateGlobalTable updateGlobalTableSettings updateItem
updateKinesisStreamingDestination updateTable updateTableReplicaAutoScaling updateTimeToLive
";
const SFN: &str = "
createActivity createStateMachine createStateMachineAlias deleteActivity deleteStateMachine
deleteStateMachineAlias deleteStateMachineVersion describeActivity describeExecution describeMapRun
describeStateMachine describeStateMachineAlias describeStateMachineForExecution getActivityTask
getExecutionHistory listActivities listExecutions listMapRuns listStateMachineAliases listStateMachineVersions
listStateMachines listTagsForResource publishStateMachineVersion redriveExecution sendTaskFailure
sendTaskHeartbeat sendTaskSuccess startExecution startSyncExecution stopExecution tagResource testState
untagResource updateMapRun updateStateMachine updateStateMachineAlias validateStateMachineDefinition
";

/// Whether the SDK has a service of that name, and the action if the service is one whose actions are known here.
pub(super) fn has(service: &str, action: &str) -> bool {
    let among = |names: &str, name: &str| names.split_whitespace().any(|known| known == name);
    among(SERVICES, service)
        && match service {
            "dynamodb" => among(DYNAMODB, action),
            "sfn" => among(SFN, action),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        for list in [SERVICES, DYNAMODB, SFN] {
            assert!(list.split_whitespace().is_sorted_by(|one, next| one < next), "{list}");
        }
    }
}
